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
	sayAgain  = 5 * time.Second // an unchanged status is written again so often: it says when we last looked
	tellAgain = time.Minute     // the same event is not written more often
)

// tell writes the event of an action. Only a lost lease is an error: an event that cannot be written must not stop effects.
func (x *executor) tell(a, did plan.Action, failed error) error {
	e := store.Event{
		Time: x.Clock(), Type: "Normal", Experiment: a.Experiment, Object: a.Object, Reason: did.Reason, Message: did.Message,
		Generation: x.generation[a.Experiment], JobID: string(did.JobID),
	}
	if a.End != nil && a.End.Failure {
		e.Type = "Warning"
	}
	if failed != nil {
		e.Type, e.Reason, e.Message = "Warning", string(a.Verb)+"Failed", failed.Error()
	}
	key := eventKey{e.Experiment, e.Object, e.Reason, e.Message}
	if last, ok := x.told[key]; ok && e.Time.Before(last.Add(tellAgain)) {
		return nil
	}
	for k, at := range x.told {
		if !e.Time.Before(at.Add(tellAgain)) {
			delete(x.told, k)
		}
	}
	x.told[key] = e.Time
	err := x.Lease.Emit(e)
	if errors.Is(err, store.ErrLeaseLost) {
		return err
	}
	if err != nil {
		x.Log.Warn("writing an event", "object", e.Object, "reason", e.Reason, "error", err)
	}
	return nil
}

type eventKey struct{ experiment, object, reason, message string }

// publish writes what plan says: the status of every experiment and the targets to scrape. It is the only writer of both.
func (l *Loop) publish(ctx context.Context, r plan.Result, forgotten map[string]bool) error {
	said := make(map[string]v1alpha1.ExperimentStatus, len(r.Status))
	var errs []error
	for _, s := range r.Status {
		if forgotten[s.Name] {
			continue
		}
		before, ok := l.said[s.Name]
		if ok && s.Observed.Before(before.Observed.Add(sayAgain)) && same(before, s) {
			said[s.Name] = before
			continue
		}
		if err := l.Lease.PutStatus(s); err != nil {
			errs = append(errs, err)
			continue
		}
		said[s.Name] = s
	}
	l.said = said
	return errors.Join(append(errs, l.target(ctx, r.Targets))...)
}

func same(a, b v1alpha1.ExperimentStatus) bool {
	a.Observed, b.Observed = time.Time{}, time.Time{}
	return fingerprint(a) == fingerprint(b)
}

// target tells Prometheus what to scrape, whenever that changed or could not be told before.
func (l *Loop) target(ctx context.Context, targets []drivers.Target) error {
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
			l.Log.Warn("telling Prometheus what to scrape", "error", err)
			return nil // told again in the next pass
		}
	}
	l.targets = now
	return nil
}
