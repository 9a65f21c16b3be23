package reconciler

import (
	"errors"

	"assay/drivers/safefile"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// ahead is what is written durably before an effect: the intent of a submission, the reason of a cancel. For several effects
// that begin together it is one write.
type ahead struct {
	action plan.Action

	written bool         // with others; else the effect writes it by itself
	attempt plan.Attempt // as it was written
	err     error
}

// aheadOf is what can be written together with that of others before the first of these actions.
func (l *Loop) aheadOf(actions []plan.Action) *ahead {
	switch first := actions[0]; {
	case first.Verb == plan.Submit && l.pace.perSecond <= 0, // else it would be written long before
		first.Verb == plan.Cancel:
		return &ahead{action: first}
	}
	return nil
}

// together are the places in the queue of the first effect of a kind that can begin, and of others of its experiment whose notes
// can be written with its own: as many as leave the rest something to do meanwhile, and the first time few, since nothing else is done
// until they are written.
func (b *beside) together(k kind) (which []int) {
	var first *effect
	most := min(store.MostTogether, b.most[k]/2)
	if b.busy[k] == 0 {
		most = max(1, b.most[k]/8)
	}
	for i := range b.queue {
		e := &b.queue[i]
		switch {
		case e.kind != k || b.running[e.at]:
			continue
		case first == nil:
			first = e
		case e.ahead == nil || e.at.seat.Experiment != first.at.seat.Experiment || e.ahead.action.Verb != first.ahead.action.Verb:
			continue
		}
		which = append(which, i)
		if first.ahead == nil || len(which) == most {
			break
		}
	}
	return which
}

func (b *beside) writeAhead(all []effect) {
	var notes []*ahead
	for _, e := range all {
		notes = append(notes, e.ahead)
	}
	b.write(notes)
}

// writeAhead writes what precedes several effects of one kind.
func (l *Loop) writeAhead(all []*ahead) {
	if all[0].action.Verb == plan.Cancel {
		l.writeCancels(all)
		return
	}
	if err := safefile.Program(l.Binary); err != nil { // before a script names it
		for _, a := range all {
			a.written, a.err = true, err
		}
		return
	}
	attempts := make([]plan.Attempt, len(all))
	for i, a := range all {
		attempts[i] = *a.action.Attempt
		attempts[i].Begun = l.Clock()
	}
	made, errs := l.Lease.BeginAll(attempts)
	for i, a := range all {
		a.written, a.attempt, a.err = true, made[i], errs[i]
	}
}

// writeCancels leaves those to their effects that it cannot write.
func (l *Loop) writeCancels(all []*ahead) {
	if l.mayAct() != nil {
		return
	}
	var which []*ahead
	var attempts []plan.Attempt
	for _, a := range all {
		attempt, ok, err := l.Lease.Attempt(a.action.Seat, a.action.Nonce)
		if err == nil && ok && attempt.Damaged == "" && endsOwn(attempt, a.action) {
			which, attempts = append(which, a), append(attempts, cancelled(attempt, a.action.Reason, l.Clock()))
		}
	}
	for i, err := range l.Lease.UpdateAll(attempts) {
		if which[i].written = err == nil; errors.Is(err, store.ErrLeaseLost) {
			return
		}
	}
}
