package reconciler

import (
	"context"
	"errors"
	"fmt"

	"assay/drivers"
	"assay/drivers/safefile"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// submit creates a job, always in this order: the durable intent, the agent's desired state, the scheduler's answer, the
// note of that answer. A crash in between leaves an open intent, which occupies the seat until the job is listed or is
// certain not to exist. The lease is checked right before the scheduler is called.
func (x *executor) submit(ctx context.Context, a plan.Action) (plan.Action, error) {
	attempt, err := x.begin(a)
	if err != nil {
		return a, err
	}
	a.Nonce = attempt.Nonce
	if err := x.Lease.FirstDesired(attempt, *a.Desired); err != nil {
		return a, errors.Join(err, x.notSubmitted(attempt, err, false))
	}
	job := *a.Job
	job.Tag.Nonce = attempt.Nonce
	job.Dir = x.Store.JobDir(attempt.Seat, attempt.Nonce)
	job.Argv = []string{x.Binary, "agent", job.Dir}
	var id drivers.JobID
	err = x.beside.calling(ctx, func(ctx context.Context) error {
		if err := x.mayAct(); err != nil {
			return err
		}
		id, err = x.Scheduler.Submit(ctx, job)
		return err
	})
	if errors.Is(err, store.ErrLeaseLost) || errors.Is(err, errPaused) {
		return a, err
	}
	x.out.asked = true
	x.distrustListing("submitting", "", err)
	switch {
	case err == nil:
		a.JobID, a.Message = id, fmt.Sprintf("job %s: %s", id, a.Message)
		attempt.JobID, attempt.Submitted = id, x.Clock()
		if err = x.Lease.Acknowledge(attempt); err != nil { // nothing says then how new the job is, which listings may not show yet
			x.out.doubt = fmt.Errorf("noting job %s: %w", id, err)
		}
		return a, err
	case errors.Is(err, drivers.ErrRejected):
		return a, errors.Join(err, x.notSubmitted(attempt, err, true))
	case errors.Is(err, drivers.ErrUnavailable):
		return a, errors.Join(err, x.notSubmitted(attempt, err, false))
	}
	err = fmt.Errorf("submission outcome unknown: the seat stays reserved until the scheduler lists or denies the job: %w", err)
	return a, errors.Join(err, x.update(attempt.Seat, attempt.Nonce, func(attempt *plan.Attempt) { attempt.Error, attempt.Submitted = err.Error(), x.Clock() }))
}

// begin writes the intent, unless it was written ahead.
func (x *executor) begin(a plan.Action) (plan.Attempt, error) {
	if x.begun() {
		return x.first.attempt, x.first.err
	}
	if err := safefile.Program(x.Binary); err != nil { // before a script names it
		return plan.Attempt{}, err
	}
	intent := *a.Attempt
	intent.Begun = x.Clock()
	return x.Lease.Begin(intent)
}

// notSubmitted closes an attempt that certainly has no job.
func (x *executor) notSubmitted(attempt plan.Attempt, cause error, failure bool) error {
	end := &plan.End{State: drivers.JobVanished, Reason: plan.NeverSubmitted, Message: cause.Error(), At: x.Clock(), Spec: attempt.Spec}
	if failure {
		end.State, end.Reason, end.Failure = drivers.JobFailed, plan.SubmitRejected, true
	}
	return x.update(attempt.Seat, attempt.Nonce, func(attempt *plan.Attempt) { attempt.End = end })
}
