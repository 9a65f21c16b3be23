package reconciler

import (
	"context"
	"errors"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

const (
	republishAfter = 5 * time.Second // an unchanged status is written again so often: it says when the world was last observed
	repeatAfter    = time.Minute     // the same event is not written more often
)

// recordEvent writes the event of an action. Only a lost lease is an error: an event that cannot be written must not stop effects.
func (x *executor) recordEvent(a, did plan.Action, failed error) error {
	e := store.Event{
		Time: x.Clock(), Type: normal, Experiment: a.Experiment, Object: a.Object, Reason: string(did.Reason), Message: did.Message,
		Generation: x.generation[a.Experiment], JobID: string(did.JobID),
	}
	if a.End != nil && a.End.Failure || did.Reason == plan.FenceExpired || did.Reason == plan.Unverified {
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

// publish writes what plan decided: the status of every experiment and the targets to scrape. It is the only writer of both.
func (l *Loop) publish(ctx context.Context, r plan.Result, forgotten map[string]bool) error {
	published := make(map[string]v1alpha1.ExperimentStatus, len(r.Status))
	var errs []error
	for _, s := range r.Status {
		if forgotten[s.Name] {
			continue
		}
		before, ok := l.published[s.Name]
		if ok && s.Observed.Before(before.Observed.Add(republishAfter)) && s.Answered <= before.Answered && same(before, s) {
			published[s.Name] = before
			continue
		}
		if err := l.Lease.PutStatus(s); err != nil {
			errs = append(errs, err)
			continue
		}
		l.reportSync(before, s)
		published[s.Name] = s
	}
	l.published = published
	if len(errs) == 0 {
		l.dropRequests()
	}
	return errors.Join(append(errs, l.sendTargets(ctx, r.Targets))...)
}

func same(a, b v1alpha1.ExperimentStatus) bool {
	a.Observed, b.Observed, a.Answered, b.Answered = time.Time{}, time.Time{}, 0, 0
	return fingerprint(a) == fingerprint(b)
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
