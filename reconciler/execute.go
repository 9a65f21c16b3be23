package reconciler

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// executor carries out the actions of one place. It runs beside the passes: it reads the loop's exported fields, and what it
// has to say to the loop is in its outcome.
type executor struct {
	*Loop
	damaged map[string]plan.Attempt // by nonce, as far as they could be rebuilt; the journal does not have them
	first   *ahead                  // of the first action; nil: nothing can be written ahead
	out     outcome
}

// execute hands over what a pass decided. What is noted about runs is noted here, in order; everything else has a place,
// and is done beside the pass, in the order given here for each place. The only error is that nothing more may be done.
// It returns the experiments that were forgotten.
func (l *Loop) execute(ctx context.Context, actions []plan.Action, touched map[place]bool) (map[string]bool, error) {
	forgotten, damaged := map[string]bool{}, l.damage.attempts
	var places []place
	at := map[place][]plan.Action{}
	for _, a := range actions {
		if ctx.Err() != nil {
			break
		}
		p, beside := placeOf(a)
		switch {
		case beside:
			if len(at[p]) == 0 {
				places = append(places, p)
			}
			at[p] = append(at[p], a)
			continue
		case a.Verb == plan.Forget && (concerns(slices.Values(places), a.Experiment) || concerns(maps.Keys(touched), a.Experiment)):
			continue // something of it is still to be done
		}
		x := &executor{Loop: l, damaged: damaged}
		x.perform(ctx, []plan.Action{a})
		if err := l.takeIn(x.out); err != nil {
			return forgotten, err
		}
		forgotten[a.Experiment] = forgotten[a.Experiment] || a.Verb == plan.Forget && x.out.did[0].err == nil
	}
	var wanted []effect
	for _, p := range places {
		first := l.aheadOf(at[p])
		wanted = append(wanted, effect{p, kindOf(at[p]), func(ctx context.Context) outcome {
			x := &executor{Loop: l, damaged: damaged, first: first}
			x.perform(ctx, at[p])
			return x.out
		}, first})
	}
	l.beside.give(wanted)
	return forgotten, nil
}

// placeOf is where an action has its order; false for what the pass notes itself.
func placeOf(a plan.Action) (place, bool) {
	experiment := drivers.Seat{Experiment: a.Experiment}
	switch a.Verb {
	case plan.CreateRun, plan.UpdateRun, plan.PlaceRun, plan.SetAside, plan.DropRerun, plan.Forget, plan.Remember, plan.Unlearn:
		return place{}, false
	case plan.MakeFolder, plan.DropFolder:
		return place{experiment, "folder of " + a.Folder.Service}, true
	case plan.Export:
		return place{experiment, "metrics"}, true
	}
	return place{seat: a.Seat}, true
}

// kindOf says what the actions of one place wait for.
func kindOf(actions []plan.Action) kind {
	for _, a := range actions {
		switch {
		case a.Verb == plan.MakeFolder, a.Verb == plan.DropFolder, a.Verb == plan.Export:
			return lengthy
		case a.Verb == plan.Cancel:
			return ending
		case a.Verb == plan.Submit, a.Verb == plan.Reconfigure, a.Verb == plan.Extend, a.Fence:
			return asking
		}
	}
	return notes
}

func concerns(places iter.Seq[place], experiment string) bool {
	for p := range places {
		if p.seat.Experiment == experiment {
			return true
		}
	}
	return false
}

// perform does actions in order and checks the lease before each; a submission checks it by itself, at its intent and at the
// scheduler's call. One that fails is an event and ends it, since the next
// ones were decided on as if it were done. What has begun is not cut short when the loop stops; nothing more begins.
func (x *executor) perform(ctx context.Context, actions []plan.Action) {
	for i, a := range actions {
		if i > 0 {
			x.first = nil
		}
		if a.Verb == plan.Submit && !x.begun() && !x.pace.wait(x.beside.open()) {
			return
		}
		did, err := a, error(nil)
		if a.Verb != plan.Submit {
			err = x.mayAct()
		}
		if err == nil {
			did, err = x.do(ctx, a)
		}
		if errors.Is(err, store.ErrLeaseLost) || errors.Is(err, errPaused) {
			x.out.halt = err
			return
		}
		x.out.did = append(x.out.did, result{a, did, err})
		if err != nil || x.beside.stopping() {
			return
		}
	}
}

// do carries one action out. did is the action with what became known: a job's id, a sentence.
func (x *executor) do(ctx context.Context, a plan.Action) (did plan.Action, err error) {
	limit := removeTimeout
	if a.Verb == plan.MakeFolder {
		limit = callTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	switch a.Verb {
	case plan.Submit:
		return x.submit(ctx, a)
	case plan.Adopt:
		return a, x.update(a.Seat, a.Nonce, func(attempt *plan.Attempt) {
			attempt.JobID = a.JobID
			if attempt.Submitted.IsZero() {
				attempt.Submitted = x.Clock()
			}
		})
	case plan.Cancel:
		return a, x.cancel(ctx, a)
	case plan.Close:
		return a, x.close(ctx, a)
	case plan.HandOver:
		return a, x.update(a.Seat, a.Nonce, func(attempt *plan.Attempt) { attempt.HandedOver = x.Clock() })
	case plan.Extend:
		return x.extend(ctx, a)
	case plan.TakeBack:
		return a, x.update(a.Seat, a.Nonce, func(attempt *plan.Attempt) { attempt.HandedOver = time.Time{} })
	case plan.Remember:
		err = x.Lease.PutScaled(*a.Scaled)
	case plan.Unlearn:
		err = x.Lease.DropScaled(*a.Scaled)
	case plan.Fence:
		return a, x.update(a.Seat, a.Nonce, func(attempt *plan.Attempt) { attempt.Fenced = a.Reason })
	case plan.Reconfigure:
		return x.reconfigure(ctx, a)
	case plan.Instruct:
		_, err = x.Lease.WriteDesired(a.Seat, a.Nonce, *a.Desired)
	case plan.CreateRun:
		_, err = x.Lease.CreateRun(*a.Run, *a.Request)
	case plan.PlaceRun:
		err = x.Lease.PlaceRun(*a.Run)
	case plan.DropRerun:
		err = x.Lease.DropRerun(a.Rerun)
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
		err = x.Store.Forget(x.Lease, a.Experiment)
	default:
		err = fmt.Errorf("carrying out %s: this assay does not know that action", a.Verb)
	}
	return a, err
}

// attempt is an attempt as it was last written; one whose record is damaged as it was rebuilt.
func (x *executor) attempt(seat drivers.Seat, nonce string) (plan.Attempt, bool, error) {
	a, ok, err := x.Lease.Attempt(seat, nonce)
	if !ok && err == nil {
		a, ok = x.damaged[nonce]
	}
	return a, ok, err
}

// update changes the durable record of an attempt.
func (x *executor) update(seat drivers.Seat, nonce string, change func(*plan.Attempt)) error {
	attempt, ok, err := x.attempt(seat, nonce)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("updating an attempt: seat %s has none with the nonce %s", seat, nonce)
	}
	change(&attempt)
	return x.Lease.Update(attempt)
}

// cancel notes the reason durably, then cancels: whatever happens afterwards, the end is known to be ours. A job that is
// not the attempt's own (a duplicate, or one that no journal knows) is only cancelled.
func (x *executor) cancel(ctx context.Context, a plan.Action) error {
	if !x.begun() {
		own, ok, err := x.attempt(a.Seat, a.Nonce)
		if err != nil {
			return err
		}
		if ok && endsOwn(own, a) {
			err := x.update(a.Seat, a.Nonce, func(attempt *plan.Attempt) { *attempt = cancelled(*attempt, a.Reason, x.Clock()) })
			if err != nil {
				return err
			}
		}
	}
	x.out.asked = true
	ctx, done := context.WithTimeout(ctx, callTimeout) // without a turn: drivers/slurm does what many ask for with one command
	defer done()
	err := x.Scheduler.Cancel(ctx, a.JobID, a.Nonce)
	x.distrustListing("cancelling", a.JobID, err)
	return err
}

// endsOwn reports whether a cancel ends the job of the attempt itself, and not a duplicate.
func endsOwn(own plan.Attempt, a plan.Action) bool { return own.End == nil && own.JobID == a.JobID }

func cancelled(attempt plan.Attempt, reason plan.Reason, at time.Time) plan.Attempt {
	attempt.Cancelled, attempt.CancelledAt = reason, at
	return attempt
}

// begun reports whether what precedes the effect was written together with that of others.
func (x *executor) begun() bool { return x.first != nil && x.first.written }

// reconfigure changes a job in place and notes which settings hold. A refusal is noted too: the same change is not tried
// again, only another one.
func (x *executor) reconfigure(ctx context.Context, a plan.Action) (plan.Action, error) {
	var limit drivers.Seconds
	err := fmt.Errorf("this scheduler changes no job in place: %w", drivers.ErrRejected)
	if r, ok := x.Scheduler.(drivers.Reconfigurer); a.Change.Time == nil {
		err = nil // the agent takes what else has changed
	} else if limit = drivers.SecondsOf(*a.Change.Time); ok {
		err = x.beside.calling(ctx, func(ctx context.Context) error { return r.Reconfigure(ctx, a.JobID, a.Nonce, *a.Change) })
		x.out.asked = true
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
	return a, x.update(a.Seat, a.Nonce, func(attempt *plan.Attempt) {
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
		x.out.doubt = fmt.Errorf("%s: %w", strings.TrimSpace(verb+" job "+string(id)), err)
	}
}
