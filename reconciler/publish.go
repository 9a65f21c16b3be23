package reconciler

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/each"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

const (
	republishAfter = 5 * time.Second // so often a file says when the world was last observed
	repeatAfter    = time.Minute     // the same event is not written more often
)

// takeIn takes in what became of actions: it is the only place where effects change what the loop remembers. The only error is
// that nothing more may be done.
func (l *Loop) takeIn(o outcome) error {
	if o.asked {
		l.listing.kick()
	}
	if o.doubt != nil {
		l.listing.invalidate(o.doubt)
	}
	if o.folders {
		l.folders = nil
	}
	if o.unstored != "" {
		l.unexported[o.unstored] = true
	}
	if o.targets != "" {
		l.targets = o.targets
	}
	if o.answer != nil {
		l.scaled.answers[o.answer.key] = *o.answer
	}
	for _, r := range o.did {
		if r.err == nil && r.action.Scaled != nil {
			l.remembered(r.action)
		}
		if err := l.pauseFor(r.err); err != nil { // pause.go
			return err
		}
		l.recordEvent(r)
	}
	return o.halt
}

// takeAll takes in what became of the effects that have ended since the last call.
func (l *Loop) takeAll() error {
	var halt error
	for _, o := range l.beside.take() {
		halt = errors.Join(halt, l.takeIn(o))
	}
	return halt
}

// recordEvent notes the event of an action, for writeEvents.
func (l *Loop) recordEvent(r result) {
	a := r.action
	if a.Quiet && r.err == nil {
		return
	}
	e := store.Event{
		Time: l.Clock(), Type: normal, Experiment: a.Experiment, Object: a.Object, Reason: string(r.did.Reason), Message: r.did.Message,
		Generation: l.generation[a.Experiment], JobID: string(r.did.JobID),
	}
	if a.End != nil && a.End.Failure || r.did.Reason == plan.FenceExpired || r.did.Reason == plan.Unverified {
		e.Type = warning
	}
	if r.err != nil {
		e.Type, e.Reason, e.Message = warning, string(a.Verb.Failed()), r.err.Error()
	}
	key := eventKey{e.Experiment, e.Object, e.Reason, e.Message}
	if last, ok := l.recorded[key]; ok && e.Time.Before(last.Add(repeatAfter)) {
		return
	}
	l.recorded[key] = e.Time
	l.events = append(l.events, e)
}

// writeEvents writes the events of a pass, in one go. Only a lost lease is an error: events that cannot be written must not
// stop effects.
func (l *Loop) writeEvents() error {
	events := l.events
	l.events = nil
	now := l.Clock()
	for k, at := range l.recorded {
		if !now.Before(at.Add(repeatAfter)) {
			delete(l.recorded, k)
		}
	}
	err := l.Lease.Emit(events...)
	if errors.Is(err, store.ErrLeaseLost) {
		return err
	}
	if err != nil {
		l.Log.Warn("writing events", "number", len(events), "first", events[0].Reason, "of", events[0].Object, "error", err)
	}
	return nil
}

// The types of events, as Kubernetes names them.
const normal, warning string = "Normal", "Warning"

type eventKey struct{ experiment, object, reason, message string }

// publish writes what plan decided: the status of every experiment that has changed, and the targets to scrape. It is the only
// writer of both. That the others are as they were says one file for all of them.
func (l *Loop) publish(r plan.Result, at time.Time, forgotten map[string]bool) error {
	published := make(map[string]v1alpha1.ExperimentStatus, len(r.Status))
	var changed []v1alpha1.ExperimentStatus
	for _, s := range r.Status {
		if forgotten[s.Name] {
			continue
		}
		if before, ok := l.published[s.Name]; ok && !s.Observed.Before(before.Observed) && same(before, s) {
			published[s.Name] = before
			continue
		}
		s.Written = s.Observed
		changed = append(changed, s)
	}
	errs := make([]error, len(changed))
	each.Do(l.workers, len(changed), func(i int) { errs[i] = l.Lease.PutStatus(changed[i]) })
	for i, s := range changed {
		if errs[i] == nil {
			l.reportSync(l.published[s.Name], s)
			published[s.Name] = s
		}
	}
	l.published = published
	if err := errors.Join(errs...); err != nil {
		return errors.Join(err, l.sendTargets(r.Targets))
	}
	return errors.Join(l.confirm(at), l.sendTargets(r.Targets), l.sendAddresses(r.Status))
}

// confirm says, now and then and when somebody waits for it, that every status is as it was found by this pass.
func (l *Loop) confirm(at time.Time) error {
	if age := at.Sub(l.confirmed.At); age >= 0 && age < republishAfter && l.requests.answered <= l.confirmed.Answered {
		return nil
	}
	now := store.Observed{At: at, Answered: l.requests.answered, Of: make(map[string]time.Time, len(l.published))}
	for name, s := range l.published {
		now.Of[name] = s.Written
	}
	if err := l.Lease.PutObserved(now); err != nil {
		return err
	}
	l.confirmed = now
	l.dropRequests()
	return nil
}

// same reports whether two statuses say the same, whenever they were observed.
func same(a, b v1alpha1.ExperimentStatus) bool {
	a.Observed, b.Observed, a.Written, b.Written, a.Answered, b.Answered = time.Time{}, time.Time{}, time.Time{}, time.Time{}, 0, 0
	return reflect.DeepEqual(a, b) || fingerprint(a) == fingerprint(b) // one that was read back differs in form only
}

// sendTargets hands Prometheus what to scrape, whenever that changed or could not be handed over before.
func (l *Loop) sendTargets(targets []drivers.Target) error {
	l.handed = targets
	now := fingerprint(targets)
	if now == l.targets {
		return nil
	}
	if err := l.Lease.PutTargets(slices.Clone(targets)); err != nil {
		return err
	}
	if l.Metrics == nil {
		l.targets = now
		return nil
	}
	l.beside.add(effect{at: place{what: "targets"}, kind: lengthy, do: func(ctx context.Context) outcome {
		ctx, cancel := context.WithTimeout(ctx, queryTimeout)
		defer cancel()
		if err := l.Metrics.SetTargets(ctx, targets); err != nil {
			l.Log.Warn("handing Prometheus its targets", "error", err)
			return outcome{} // the next pass tries again
		}
		return outcome{targets: now}
	}})
	return nil
}
