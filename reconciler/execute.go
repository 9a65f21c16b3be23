package reconciler

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// executor carries the actions of one pass out.
type executor struct {
	*Loop
	attempts   map[string]plan.Attempt // by nonce, as last written
	generation map[string]int64        // by experiment, for events
	forgotten  map[string]bool
	unfenced   map[drivers.Seat]bool // their last job may have left something that runs: nothing may replace it yet
}

// execute does the actions in order and checks the lease before each. One that fails is an event and does not stop the
// others; a lost lease does, and is the only error. An effect that has begun is not cut short when ctx ends.
func (x *executor) execute(ctx context.Context, actions []plan.Action) error {
	for _, a := range actions {
		if ctx.Err() != nil {
			return nil
		}
		if err := x.Lease.Check(); err != nil {
			return err
		}
		if a.Verb == plan.Submit && x.unfenced[a.Seat] {
			continue // the event of its Close says why
		}
		did, err := x.do(ctx, a)
		if errors.Is(err, store.ErrLeaseLost) {
			return err
		}
		if err := x.recordEvent(a, did, err); err != nil {
			return err
		}
	}
	return nil
}

// do carries one action out. did is the action with what became known: a job's id, a sentence.
func (x *executor) do(ctx context.Context, a plan.Action) (did plan.Action, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	switch a.Verb {
	case plan.Submit:
		return x.submit(ctx, a)
	case plan.Adopt:
		return a, x.update(a.Nonce, func(attempt *plan.Attempt) {
			attempt.JobID = a.JobID
			if attempt.Submitted.IsZero() {
				attempt.Submitted = x.Clock()
			}
		})
	case plan.Cancel:
		return a, x.cancel(ctx, a)
	case plan.Close:
		if err := x.fence(ctx, a); err != nil {
			return a, err
		}
		return a, x.update(a.Nonce, func(attempt *plan.Attempt) { attempt.End = a.End })
	case plan.Reconfigure:
		return x.reconfigure(ctx, a)
	case plan.Instruct:
		_, err = x.Lease.WriteDesired(a.Seat, a.Nonce, *a.Desired)
	case plan.CreateRun:
		_, err = x.Lease.CreateRun(*a.Run, *a.Request)
	case plan.PlaceRun:
		err = x.Lease.PlaceRun(*a.Run)
	case plan.DropRerun:
		err = x.Lease.DropRerun(a.Experiment, a.Rerun)
	case plan.UpdateRun:
		err = x.Lease.UpdateRun(*a.Run)
	case plan.SetAside:
		err = x.Lease.SetAside(a.Experiment, a.Run.ID, a.Run.Phase, a.Run.Reason, a.Run.Message)
	case plan.MakeFolder:
		err = x.makeFolder(ctx, *a.Folder)
	case plan.DropFolder:
		err = x.dropFolder(ctx, *a.Folder)
	case plan.Export:
		return x.export(ctx, a)
	case plan.Forget:
		if err = x.Store.Forget(x.Lease, a.Experiment); err == nil {
			x.forgotten[a.Experiment] = true
		}
	default:
		err = fmt.Errorf("carrying out %s: this assay does not know that action", a.Verb)
	}
	return a, err
}

// fence ends what a job left behind that ended without its own word: the scheduler lost it, or what supervised it was
// killed. An error leaves the attempt open, so that no replacement starts next to a server that still runs.
func (x *executor) fence(ctx context.Context, a plan.Action) error {
	f, ok := x.Scheduler.(drivers.Fencer)
	lost := a.End.State == drivers.JobNodeFail || a.End.State == drivers.JobVanished
	if !ok || !lost || a.JobID == "" {
		return nil
	}
	err := f.Fence(ctx, a.JobID, a.Nonce)
	if err != nil {
		x.unfenced[a.Seat] = true
	}
	return err
}

// update changes the durable record of an attempt.
func (x *executor) update(nonce string, change func(*plan.Attempt)) error {
	attempt, ok := x.attempts[nonce]
	if !ok {
		return fmt.Errorf("updating an attempt: none has the nonce %s", nonce)
	}
	change(&attempt)
	if err := x.Lease.Update(attempt); err != nil {
		return err
	}
	x.attempts[nonce] = attempt
	return nil
}

// cancel notes the reason durably, then cancels: whatever happens afterwards, the end is known to be ours. A job that is
// not the attempt's own (a duplicate, or one that no journal knows) is only cancelled.
func (x *executor) cancel(ctx context.Context, a plan.Action) error {
	if own, ok := x.attempts[a.Nonce]; ok && own.End == nil && own.JobID == a.JobID {
		err := x.update(a.Nonce, func(attempt *plan.Attempt) { attempt.Cancelled, attempt.CancelledAt = a.Reason, x.Clock() })
		if err != nil {
			return err
		}
	}
	x.listing.kick()
	err := x.Scheduler.Cancel(ctx, a.JobID, a.Nonce)
	x.distrustListing("cancelling", a.JobID, err)
	return err
}

// reconfigure changes a job in place and notes which settings hold. A refusal is noted too: the same change is not tried
// again, only another one.
func (x *executor) reconfigure(ctx context.Context, a plan.Action) (plan.Action, error) {
	var limit drivers.Seconds
	err := fmt.Errorf("this scheduler changes no job in place: %w", drivers.ErrRejected)
	if r, ok := x.Scheduler.(drivers.Reconfigurer); a.Change.Time == nil {
		err = nil // the agent takes what else has changed
	} else if limit = drivers.SecondsOf(*a.Change.Time); ok {
		err = r.Reconfigure(ctx, a.JobID, a.Nonce, *a.Change)
		x.listing.kick()
	}
	x.distrustListing("changing", a.JobID, err)
	refused := ""
	switch {
	case errors.Is(err, drivers.ErrRejected):
		refused = err.Error()
		a.Reason, a.Message = plan.ChangeRefused, fmt.Sprintf("job %s keeps its settings, the new ones hold from the next job on: %s", a.JobID, refused)
	case err != nil:
		return a, err
	}
	return a, x.update(a.Nonce, func(attempt *plan.Attempt) {
		attempt.Settings, attempt.Time, attempt.Refused, attempt.Deferred = a.Settings, a.Time, refused, a.Deferred
		if limit > 0 && refused == "" {
			attempt.Limit, attempt.Changed = limit, x.Clock()
		}
	})
}

// distrustListing makes the last listing Unknown after a call that was not answered: the scheduler was not reached, or did
// what it did not confirm. Nothing that needs the scheduler is done until it answers a listing again.
func (x *executor) distrustListing(verb string, id drivers.JobID, err error) {
	if err != nil && !errors.Is(err, drivers.ErrRejected) && !errors.Is(err, drivers.ErrNotFound) {
		x.listing.invalidate(fmt.Errorf("%s: %w", strings.TrimSpace(verb+" job "+string(id)), err))
	}
}
