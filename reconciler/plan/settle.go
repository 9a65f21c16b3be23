package plan

import (
	"fmt"
	"slices"
	"time"

	"assay/drivers"
)

// settle turns what the scheduler lists into facts about every open attempt:
//
//	seen, id unknown     -> Adopt: the submission was uncertain, or the controller died before it noted the id
//	seen, terminal       -> Close with the scheduler's reason
//	unseen, settled      -> Close as Vanished: the scheduler answered after the settle time and lists no such job
//	unseen, not settled  -> nothing: the intent occupies its seat
func (w *world) settle() {
	if !w.known {
		return
	}
	for _, a := range w.attempts {
		if a.End != nil {
			continue
		}
		j := w.job(a.Nonce)
		if j == nil {
			w.unseen(a)
			continue
		}
		if a.JobID != j.ID {
			w.do(Action{Verb: Adopt, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: j.ID,
				Reason: Adopted, Message: fmt.Sprintf("job %s carries the mark of this submission", j.ID)})
			a.JobID = j.ID // a job that is found when it has ended is closed at once, and fenced by its id
		}
		if j.State.Terminal() {
			w.close(a, endOf(a, j, w.o.Agents[a.Nonce]))
		}
	}
}

// unseen decides on an attempt whose job is not listed. A listing proves nothing before the settle time is over, counted
// from the submission, or from when the scheduler or this controller came back: a submission on its way can come true late.
func (w *world) unseen(a *Attempt) {
	since := a.Begun
	for _, t := range []time.Time{a.Submitted, w.o.Listing.Since} {
		if t.After(since) {
			since = t
		}
	}
	settled := since.Add(w.d.Policy.Settle)
	if w.o.Listing.At.Before(settled) {
		w.wakeAt(settled)
		return
	}
	if st := w.o.Agents[a.Nonce].State; a.JobID == "" && st != nil && st.Nonce == a.Nonce {
		a.JobID = drivers.JobID(st.JobID) // the answer to the submission was lost, and its agent says that there was a job
	}
	end := End{State: drivers.JobVanished, Reason: NeverSubmitted, Message: "the scheduler answered after the settle time and lists no such job"}
	if a.JobID != "" {
		end.Reason, end.Message = Vanished, fmt.Sprintf("the scheduler no longer lists job %s", a.JobID)
	}
	if st := w.o.Agents[a.Nonce].State; st != nil && st.End != nil {
		end.Reason, end.Message = Ended, fmt.Sprintf("job %s ended: %s %s", a.JobID, st.End.Reason, st.End.Message)
	}
	w.close(a, end)
}

// endOf says how a terminal job ended, with a reason and a sentence.
func endOf(a *Attempt, j *drivers.Job, agent Agent) End {
	e := End{State: j.State, Reason: Reason(j.State), Message: fmt.Sprintf("job %s ended as %s", j.ID, j.State)}
	if j.Reason != "" {
		e.Message += fmt.Sprintf(" (%s)", j.Reason)
	}
	switch j.State {
	case drivers.JobCancelled:
		if a.Cancelled == "" {
			e.Reason, e.Message = CancelledByHand, fmt.Sprintf("job %s was cancelled outside assay", j.ID)
		}
	case drivers.JobTimeout:
		e.Reason, e.Message = TimeLimit, fmt.Sprintf("job %s reached its time limit", j.ID)
	case drivers.JobFailed:
		e.Reason, e.Message = JobFailed, fmt.Sprintf("job %s failed with exit code %d, signal %d (%s)", j.ID, j.Exit, j.Signal, j.Reason)
	}
	if a.Cancelled != "" {
		e.Reason, e.Message = a.Cancelled, fmt.Sprintf("job %s was cancelled by assay: %s", j.ID, a.Cancelled)
		if agent.State != nil {
			for _, p := range agent.State.Processes {
				if p.Phase == drivers.PhaseFailed && p.Message != "" {
					e.Message += ": " + p.Message
					break
				}
			}
		}
	}
	return e
}

// close ends an attempt: its seat is free afterwards.
func (w *world) close(a *Attempt, e End) {
	e.At = w.o.Now
	alloc := w.allocationOf(a)
	spec := a.Spec
	if alloc != nil {
		spec = alloc.spec
	}
	e.Spec, e.Failure = spec, w.counts(a, e)
	w.do(Action{Verb: Close, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: a.JobID,
		Reason: e.Reason, Message: e.Message, End: &e})
	a.End = &e
	if x := w.byName[a.Seat.Experiment]; x != nil {
		x.occupied--
	}
	w.open[a.Seat] = slices.DeleteFunc(slices.Clone(w.open[a.Seat]), func(o *Attempt) bool { return o == a })
	w.ended[a.Seat] = append(w.ended[a.Seat], a)
	if alloc == nil || a.Seat.Slot >= len(alloc.seats) || alloc.seats[a.Seat.Slot].attempt != a {
		return
	}
	seat := alloc.seats[a.Seat.Slot]
	alloc.free(seat)
	if left := w.open[seat.id]; len(left) > 0 { // a duplicate still fills the seat
		w.fill(alloc, seat, left[0])
		for _, s := range alloc.members {
			w.judge(w.byName[a.Experiment], s)
		}
	}
}

// allocationOf is the declared allocation that an attempt is for; nil when it is no longer declared, or when the attempt is for a run.
func (w *world) allocationOf(a *Attempt) *allocation {
	if x := w.byName[a.Experiment]; x != nil {
		return x.alloc[a.Seat.Group]
	}
	return nil
}

func object(a *Attempt) string {
	if a.Run != "" {
		return "run/" + a.Run
	}
	return "service/" + a.Seat.Group
}
