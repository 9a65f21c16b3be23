package reconciler

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

const (
	republishAfter = 5 * time.Second // so often a file says when the world was last observed
	repeatAfter    = time.Minute     // the same event is not written more often
)

// recordEvent writes the event of an action. Only a lost lease is an error: an event that cannot be written must not stop effects.
func (x *executor) recordEvent(a, did plan.Action, failed error) error {
	e := store.Event{
		Time: x.Clock(), Type: normal, Experiment: a.Experiment, Object: a.Object, Reason: string(did.Reason), Message: did.Message,
		Generation: x.generation[a.Experiment], JobID: string(did.JobID),
	}
	if a.End != nil && a.End.Failure {
		e.Type = warning
	}
	if failed != nil {
		e.Type, e.Reason, e.Message = warning, string(a.Verb.Failed()), failed.Error()
	}
	key := eventKey{e.Experiment, e.Object, e.Reason, e.Message}
	if last, ok := x.recorded[key]; ok && e.Time.Before(last.Add(repeatAfter)) {
		return nil
	}
	for k, at := range x.recorded {
		if !e.Time.Before(at.Add(repeatAfter)) {
			delete(x.recorded, k)
		}
	}
	x.recorded[key] = e.Time
	err := x.Lease.Emit(e)
	if errors.Is(err, store.ErrLeaseLost) {
		return err
	}
	if err != nil {
		x.Log.Warn("writing an event", "object", e.Object, "reason", e.Reason, "error", err)
	}
	return nil
}

// The types of events, as Kubernetes names them.
const normal, warning string = "Normal", "Warning"

type eventKey struct{ experiment, object, reason, message string }

// publish writes what plan decided: the status of every experiment that has changed, and the targets to scrape. It is the only
// writer of both. That the others are as they were says one file for all of them.
func (l *Loop) publish(ctx context.Context, r plan.Result, at time.Time, forgotten map[string]bool) error {
	published := make(map[string]v1alpha1.ExperimentStatus, len(r.Status))
	var changed []v1alpha1.ExperimentStatus
	for _, s := range r.Status {
		if forgotten[s.Name] {
			continue
		}
		if before, ok := l.published[s.Name]; ok && same(before, s) {
			published[s.Name] = before
			continue
		}
		changed = append(changed, s)
	}
	errs := make([]error, len(changed))
	each(l.workers, len(changed), func(i int) { errs[i] = l.Lease.PutStatus(changed[i]) })
	for i, s := range changed {
		if errs[i] == nil {
			l.reportSync(l.published[s.Name], s)
			published[s.Name] = s
		}
	}
	l.published = published
	if err := errors.Join(errs...); err != nil {
		return errors.Join(err, l.sendTargets(ctx, r.Targets))
	}
	return errors.Join(l.confirm(at), l.sendTargets(ctx, r.Targets))
}

// confirm says, now and then and when somebody waits for it, that every status is as it was found by this pass.
func (l *Loop) confirm(at time.Time) error {
	if at.Before(l.confirmed.At.Add(republishAfter)) && l.requests.answered <= l.confirmed.Answered {
		return nil
	}
	now := store.Observed{At: at, Answered: l.requests.answered}
	if err := l.Lease.PutObserved(now); err != nil {
		return err
	}
	l.confirmed = now
	l.dropRequests()
	return nil
}

// same reports whether two statuses say the same, whenever they were observed.
func same(a, b v1alpha1.ExperimentStatus) bool {
	a.Observed, b.Observed, a.Answered, b.Answered = time.Time{}, time.Time{}, 0, 0
	return reflect.DeepEqual(a, b) || fingerprint(a) == fingerprint(b) // one that was read back differs in form only
}

// sendTargets hands Prometheus what to scrape, whenever that changed or could not be handed over before.
func (l *Loop) sendTargets(ctx context.Context, targets []drivers.Target) error {
	now := fingerprint(targets)
	if now == l.targets {
		return nil
	}
	if err := l.Lease.PutTargets(slices.Clone(targets)); err != nil {
		return err
	}
	if l.Metrics != nil {
		ctx, cancel := context.WithTimeout(ctx, queryTimeout)
		defer cancel()
		if err := l.Metrics.SetTargets(ctx, targets); err != nil {
			l.Log.Warn("handing Prometheus its targets", "error", err)
			return nil // the next pass tries again
		}
	}
	l.targets = now
	return nil
}
