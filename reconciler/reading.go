package reconciler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// hearAfter is how long a reader waits for heartbeats before it reads them a second time. An agent writes one every second.
const hearAfter = 1200 * time.Millisecond

// Observe reads the world as it is now and returns the status of every experiment: what a pass would publish, and nothing
// that only a pass would do. It has no effect and needs no lease. Within the time of ctx it reads what it can; what the
// scheduler or a server did not answer by then is Unknown. Files are read without a bound. An error means that the state
// directory cannot be read.
func (l *Loop) Observe(ctx context.Context) ([]v1alpha1.ExperimentStatus, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prepare()
	d, broken, err := l.wanted()
	if err != nil {
		return nil, err
	}
	l.listing.kick() // a reader sees changes that others make, so its questions do not become rare
	o, err := l.read(ctx, d)
	if err != nil {
		return nil, err
	}
	d, left := l.leaveOut(d, o)
	broken = append(broken, left...)
	all := append(l.decide(d, o).Status, broken...)
	slices.SortFunc(all, func(a, b v1alpha1.ExperimentStatus) int { return cmp.Compare(a.Name, b.Name) })
	for _, s := range all {
		l.published[s.Name] = s // for the next one's transition times
	}
	return all, nil
}

// read observes for a reader. Agents that were not heard yet, and whose servers do not answer, get the time to write their
// next heartbeat.
func (l *Loop) read(ctx context.Context, d plan.Desired) (plan.Observed, error) {
	o, err := l.observe(ctx, d)
	if err != nil {
		return o, err
	}
	doubted := func(a plan.Agent) bool { return len(a.Doubts) > 0 }
	if !l.heard && slices.ContainsFunc(slices.Collect(maps.Values(o.Agents)), doubted) {
		l.heard = true
		l.pause(ctx, hearAfter)
		o.Agents = l.agents(ctx, openOf(o.Attempts), o.Listing)
		o.Now = l.Clock()
	}
	o.Reading = true
	o.Listing.Since, o.Listing.Clock = time.Time{}, time.Time{} // a reader submits nothing, so that it began just now delays no conclusion
	return o, nil
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Preview says what accepting these revisions would change. It has no effect and needs no lease.
func (l *Loop) Preview(ctx context.Context, extra []store.Revision) ([]plan.Step, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prepare()
	extra = slices.Clone(extra)
	for i, rev := range extra {
		head, ok, err := l.Store.Readable(rev.Experiment)
		if err != nil {
			return nil, err
		}
		if ok && !head.Deleting { // accepting it would go on with this one
			extra[i].Incarnation = head.Incarnation
		}
	}
	d, broken := l.desired(extra)
	if len(broken) > 0 {
		return nil, errors.New(v1alpha1.Find(broken[0].Conditions, v1alpha1.Stalled).Message)
	}
	o, err := l.read(ctx, d)
	if err != nil {
		return nil, err
	}
	if o.Listing.Err != "" {
		return nil, fmt.Errorf("previewing the changes: the jobs that exist are unknown: %s", o.Listing.Err)
	}
	for name, err := range o.Unread {
		return nil, fmt.Errorf("previewing the changes: the runs of experiment %s are unknown: %w", name, err)
	}
	steps := plan.Diff(d, o)
	return steps, l.explain(steps, extra)
}
