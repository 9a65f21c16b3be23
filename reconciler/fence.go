package reconciler

import (
	"context"
	"errors"
	"slices"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/each"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// close ends an attempt. When its agent has not said that it ended, the agent is told to stop first, and the scheduler ends
// what the job left behind where it can: so nothing replaces the job before its agent can know. An error leaves the attempt
// open, and its seat is not filled.
func (x *executor) close(ctx context.Context, a plan.Action) error {
	fenced, err := x.fence(ctx, a)
	if err != nil {
		return err
	}
	return x.update(a.Seat, a.Nonce, func(attempt *plan.Attempt) {
		attempt.End = a.End
		if a.End.Unsaid && fenced {
			attempt.Fenced = plan.Fenced
		}
	})
}

// fence reports whether the scheduler has ended what a job left behind. A lost job is fenced also when its agent has said that
// it ended, or never reported.
func (x *executor) fence(ctx context.Context, a plan.Action) (done bool, err error) {
	if !a.End.Doubtful() {
		return false, nil
	}
	if err := x.Lease.Stop(a.Seat, a.Nonce, a.End.Message); err != nil { // also for a job that comes up after all
		return false, err
	}
	f, ok := x.Scheduler.(drivers.Fencer)
	if !ok || !a.Fence {
		return false, nil
	}
	err = x.beside.calling(ctx, func(ctx context.Context) error { return f.Fence(ctx, a.JobID, a.Nonce) })
	if errors.Is(err, errors.ErrUnsupported) {
		return false, nil // the agent's word is waited for
	}
	return err == nil, err
}

// acknowledged finds the ended attempts whose agents have said since that everything has ended. Of those that are no longer
// waited for, only a deletion still asks.
func (l *Loop) acknowledged(attempts []plan.Attempt, d plan.Desired) map[string]bool {
	deleting := map[string]bool{}
	for _, e := range d.Experiments {
		deleting[e.Name] = e.Deleting
	}
	loose := slices.DeleteFunc(slices.Clone(attempts), func(a plan.Attempt) bool {
		return !a.Loose() && !(a.Fenced == plan.FenceExpired && deleting[a.Experiment])
	})
	if len(loose) == 0 {
		return nil
	}
	said := make([]bool, len(loose))
	each.Do(l.workers, len(loose), func(i int) {
		st, err := l.Store.State(loose[i].Seat, loose[i].Nonce)
		said[i] = err == nil && st != nil && st.Nonce == loose[i].Nonce && st.Said()
	})
	out := map[string]bool{}
	for i, a := range loose {
		if said[i] {
			out[a.Nonce] = true
		}
	}
	return out
}

// remindAll tells agents again to stop that have not followed yet, where what they were told cannot be read any more: a file that
// was damaged since would let a server run on until its fence expires, and beside its replacement then.
func (l *Loop) remindAll(o plan.Observed) {
	for _, a := range o.Attempts {
		if a.Loose() && !o.Acknowledged[a.Nonce] {
			l.remind(a)
		}
	}
}

// remind leaves out what cannot help now: the end of an effect lets the next pass begin early.
func (l *Loop) remind(a plan.Attempt) {
	d, err := l.Store.ReadDesired(a.Seat, a.Nonce)
	if err != nil && !errors.Is(err, durable.ErrDamaged) || d.Stop != "" || l.mayAct() != nil {
		return
	}
	if _, err := durable.Stat(l.Store.JobDir(a.Seat, a.Nonce)); err != nil {
		return
	}
	l.beside.add(effect{at: place{what: "stop of " + a.Nonce}, kind: notes, do: func(context.Context) (out outcome) {
		err := l.mayAct()
		if err == nil {
			err = l.Lease.Stop(a.Seat, a.Nonce, a.End.Message)
		}
		if errors.Is(err, store.ErrLeaseLost) {
			out.halt = err
		}
		return out // else the next pass tries again
	}})
}
