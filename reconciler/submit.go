package reconciler

import (
	"context"
	"errors"
	"fmt"

	"assay/drivers"
	"assay/reconciler/plan"
)

// submit is the one order in which a job may come into being: the intent is durable, then what the agent will find,
// then the scheduler, then its answer. A crash in between leaves an open intent, which occupies the seat until
// the job is seen or is certain not to exist.
func (x *executor) submit(ctx context.Context, a plan.Action) (plan.Action, error) {
	intent := *a.Attempt
	intent.Begun = x.Clock()
	t, err := x.Lease.Begin(intent)
	if err != nil {
		return a, err
	}
	x.attempts[t.Nonce] = t
	a.Nonce = t.Nonce
	tell := *a.Tell
	tell.Nonce = t.Nonce
	if _, err := x.Lease.Tell(t.Seat, t.Nonce, tell); err != nil {
		return a, errors.Join(err, x.notSubmitted(t, err, false))
	}
	job := *a.Job
	job.Tag.Nonce = t.Nonce
	job.Dir = x.Store.JobDir(t.Seat, t.Nonce)
	job.Argv = []string{x.Binary, "agent", job.Dir}
	if err := x.Lease.Check(); err != nil {
		return a, err
	}
	id, err := x.Scheduler.Submit(ctx, job)
	x.listing.kick()
	x.unsure("submitting", "", err)
	switch {
	case err == nil:
		a.JobID, a.Message = id, fmt.Sprintf("job %s: %s", id, a.Message)
		return a, x.update(t.Nonce, func(t *plan.Attempt) { t.JobID, t.Submitted = id, x.Clock() })
	case errors.Is(err, drivers.ErrRejected):
		return a, errors.Join(err, x.notSubmitted(t, err, true))
	case errors.Is(err, drivers.ErrUnavailable):
		return a, errors.Join(err, x.notSubmitted(t, err, false))
	}
	err = fmt.Errorf("nobody knows yet whether there is a job, so its seat stays taken until the scheduler has said so: %w", err)
	return a, errors.Join(err, x.update(t.Nonce, func(t *plan.Attempt) { t.Error, t.Submitted = err.Error(), x.Clock() }))
}

// notSubmitted closes an attempt of which there is certainly no job.
func (x *executor) notSubmitted(t plan.Attempt, why error, failure bool) error {
	end := &plan.End{State: drivers.JobVanished, Reason: "NeverSubmitted", Message: why.Error(), At: x.Clock(), Spec: t.Spec}
	if failure {
		end.State, end.Reason, end.Failure = drivers.JobFailed, "SubmitRejected", true
	}
	return x.update(t.Nonce, func(t *plan.Attempt) { t.End = end })
}
