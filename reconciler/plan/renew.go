package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Renewal. Where the site lengthens the walltime of a running job (extend.go), no other job is needed. Otherwise a
// service whose policy is Overlap gets its next job before the walltime of the present one ends: early enough for
// the queue and the start, as the last jobs took them (starts.go), twice over. When everything in the new job is Ready, and no run
// measures the old one, the new one takes over: endpoints and targets are its own from that pass on. The old one goes on for
// the drain, so that what it was asked before is answered, and is cancelled then.
//
// A job that was cancelled, is silent and does not end, as on a lost node, is no reason to wait where the policy is Overlap: another one
// comes up beside it and leads.
//
//	policy Overlap      as above; a service that owns a data folder is never run twice, so it is Recreate
//	policy Recreate     the next job follows the end of the last one
//	policy Never        nothing follows
//	times N             after N walltimes in a row nothing follows
const (
	leastBefore = 2 * time.Minute
	lingers     = 15 * time.Second // after a cancel; less than cancelAgain
)

// with is what a group's job follows when one of its services says r, and another s: the more careful of both.
func (r Renew) with(s Renew) Renew {
	order := []string{v1alpha1.Overlap, v1alpha1.Recreate, v1alpha1.Never}
	if slices.Index(order, s.policy()) > slices.Index(order, r.policy()) {
		r.Policy = s.Policy
	}
	r.Before, r.Drain = max(r.Before, s.Before), max(r.Drain, s.Drain)
	r.Extend = r.Extend && s.Extend
	if r.Times == 0 || s.Times > 0 && s.Times < r.Times {
		r.Times = s.Times
	}
	return r
}

func (r Renew) policy() string { return cmp.Or(r.Policy, v1alpha1.Recreate) }

// overlaps reports whether two jobs of an allocation may run at the same time in one place.
func (alloc *allocation) overlaps() bool {
	return alloc.renew.policy() == v1alpha1.Overlap && !alloc.once()
}

// renew looks after the second job of a place.
func (w *world) renew(x *experiment, alloc *allocation, place *seat) {
	if !w.known || x.released.set() || x.blocked != "" {
		return
	}
	lead, twin := alloc.seats[place.id.Slot], alloc.twin(place.id.Slot)
	switch {
	case twin == nil && lead.attempt != nil && lead.attempt.Cancelled != "":
		w.standIn(x, alloc, lead)
	case twin == nil:
		w.succeed(x, alloc, lead)
	case twin.attempt.unknown():
	case twin.attempt.Cancelled != "":
		w.cancel(twin.attempt, cause{twin.attempt.Cancelled, ""})
	case !alloc.fits(twin.attempt):
		w.cancel(twin.attempt, cause{Reallocated, "the declared allocation changed, which needs a new job"})
	case !twin.attempt.HandedOver.IsZero():
		w.drain(alloc, lead, twin)
	case !alloc.overlaps():
		w.cancel(twin.attempt, cause{NotNeeded, "no job is to follow before the walltime ends any more"})
	default:
		if because := w.unrecoverable(alloc, twin); because.set() {
			w.cancel(twin.attempt, because)
			return
		}
		w.takeOver(x, alloc, lead, twin)
	}
}

// standIn submits another job beside one that was cancelled, is silent and does not end, where both may run: until the scheduler gives up
// a node that was lost (SlurmdTimeout, five minutes mostly), nobody would serve.
func (w *world) standIn(x *experiment, alloc *allocation, lead *seat) {
	a, next := lead.attempt, &seat{id: lead.id.Twin()}
	if !alloc.overlaps() || a.unknown() || x.held.set() || lead.job == nil || lead.agent.StillFor <= w.d.Policy.Stale || w.busy(next.id) || len(w.open[next.id]) > 0 {
		return
	}
	if at := a.CancelledAt.Add(lingers); w.o.Now.Before(at) || a.CancelledAt.After(w.o.Now) {
		w.wakeAt(at)
		return
	}
	w.askBeside(x, alloc, next, 0, cause{Replacement, fmt.Sprintf("job %s was cancelled (%s) and does not end", a.JobID, a.Cancelled)})
}

// succeed submits the next job of a place when it is time to.
func (w *world) succeed(x *experiment, alloc *allocation, lead *seat) {
	a, j := lead.attempt, lead.job
	if alloc.renew.policy() == v1alpha1.Never || a == nil || a.Cancelled != "" || a.unknown() || !alloc.fits(a) || x.held.set() ||
		j == nil || j.State != drivers.JobRunning || j.UsableUntil().IsZero() || !lead.agent.serves() {
		return
	}
	before := w.before(alloc, lead)
	at := j.UsableUntil().Add(-before)
	if w.o.Now.Before(at) {
		w.wakeAt(at)
		return
	}
	next := &seat{id: lead.id.Twin()}
	if j.Limit > 0 && j.Limit-lead.agent.lived() > before+j.Limit/4 || w.busy(next.id) || len(w.open[next.id]) > 0 {
		return // a clock that was set says nothing
	}
	if most := alloc.renew.Times; most > 0 && a.spent() >= most || w.extend(x, alloc, lead, at, before) || !alloc.overlaps() {
		return
	}
	w.askBeside(x, alloc, next, a.spent()+1, cause{Renewed, fmt.Sprintf("the walltime of job %s ends soon, and %s is kept for the queue and the start of the next one", j.ID, before.Round(time.Second))})
}

// askBeside submits a job into the other seat of a place, unless it has to wait, was given up, or would cost too much.
func (w *world) askBeside(x *experiment, alloc *allocation, next *seat, renewals int, because cause) {
	if wait, stalled := w.backoff(alloc, next); wait.set() || stalled.set() {
		return
	}
	if over := w.affords(x, alloc.holds, alloc.job.Time); over.set() {
		x.refuse(over)
		return
	}
	w.ask(x, alloc, next, renewals, because)
}

// before is how long before the end of a walltime the next job is submitted.
func (w *world) before(alloc *allocation, lead *seat) time.Duration {
	before := alloc.renew.Before
	if before == 0 {
		past := w.pastStarts(alloc, lead)
		before = 2*(past.queued+past.start) + alloc.renew.Drain
		for _, s := range alloc.members {
			before = max(before, before+s.StableFor)
		}
		before = max(before, leastBefore)
	}
	if half := lead.job.Limit / 2; half > 0 {
		before = min(before, half)
	}
	return before
}

// serves reports whether a process of a job is, or was, Ready.
func (a Agent) serves() bool { return a.State != nil && a.State.End == nil && everReady(a.State) }

// lived is how long an agent has lived, by its own count.
func (a Agent) lived() time.Duration { return drivers.BeatEvery * time.Duration(a.State.Heartbeat) }

// takeOver makes the next job the service once everything in it is Ready.
func (w *world) takeOver(x *experiment, alloc *allocation, lead, twin *seat) {
	for _, s := range alloc.members {
		if s.in(twin).ready != v1alpha1.True {
			return
		}
	}
	if r := x.measures(lead.attempt.Nonce); r != nil {
		twin.wait = cause{WaitingForRun, fmt.Sprintf("it is Ready and takes over when run %s has ended, which measures job %s", r.ID, lead.attempt.JobID)}
		return
	}
	if w.busy(lead.id) {
		return
	}
	w.do(Action{Verb: HandOver, Experiment: x.Name, Object: "service/" + alloc.name, Seat: lead.id, Nonce: lead.attempt.Nonce, JobID: lead.attempt.JobID, Reason: HandedOver,
		Message: fmt.Sprintf("job %s is Ready and serves from now on; job %s finishes what it was asked and ends in %s", twin.attempt.JobID, lead.attempt.JobID, alloc.renew.Drain)})
	lead.attempt.HandedOver = w.o.Now
	alloc.swap(lead.id.Slot)
	w.rejudge(alloc)
	w.wakeAt(w.o.Now.Add(alloc.renew.Drain))
}

// measures is a run that measures the servers of an attempt, or runs in its job; nil when there is none.
func (x *experiment) measures(nonce string) *Run {
	for _, r := range x.runs {
		if active(r) && r.told() && (r.Nonce == nonce || slices.Contains(r.Measures, nonce)) {
			return r
		}
	}
	return nil
}

// drain ends the old job when it has had time to answer, as long as the new one serves.
func (w *world) drain(alloc *allocation, lead, twin *seat) {
	until := twin.attempt.HandedOver.Add(alloc.renew.Drain)
	if w.o.Now.Before(until) && !twin.attempt.HandedOver.After(w.o.Now) {
		w.wakeAt(until)
		return
	}
	for _, s := range alloc.members {
		if s.in(lead).ready != v1alpha1.True {
			return
		}
	}
	w.cancel(twin.attempt, cause{HandedOver, fmt.Sprintf("job %s has taken over from it", lead.attempt.JobID)})
}

// last is the last attempt of a place that has ended; nil when there is none.
func (w *world) last(id drivers.Seat) *Attempt {
	if ended := w.ended[id.Place()]; len(ended) > 0 {
		return ended[len(ended)-1]
	}
	return nil
}

// renewals is how many walltimes in a row come before the next job of a place.
func (w *world) renewals(alloc *allocation, id drivers.Seat) int {
	if last := w.last(id); last != nil && last.End.Spec == alloc.spec && (last.End.Reason == TimeLimit || last.End.Reason == HandedOver) {
		return last.spent() + 1
	}
	return 0
}

// renewed says that nothing follows a walltime: the policy is Never, or it was renewed as often as it may.
func (w *world) renewed(alloc *allocation, id drivers.Seat) cause {
	last, n := w.last(id), w.renewals(alloc, id)
	switch {
	case n == 0:
		return cause{}
	case alloc.renew.policy() == v1alpha1.Never:
		return cause{Expired, fmt.Sprintf("job %s reached its walltime, and renew.policy is Never; it is submitted again when its spec changes", last.JobID)}
	case alloc.renew.Times > 0 && n > alloc.renew.Times:
		return cause{RenewalLimit, fmt.Sprintf("it was renewed %d times, and renew.times is %d; it is submitted again when its spec changes", n-1, alloc.renew.Times)}
	}
	return cause{}
}

// restarts is how many jobs of a place have ended, except those that handed over.
func (w *world) restarts(id drivers.Seat) (n int) {
	for _, a := range w.ended[id.Place()] {
		if a.End.Reason != HandedOver {
			n++
		}
	}
	return n
}
