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
//	seen, terminal       -> Close with the reason that ends.go gives
//	seen running, empty  -> Cancel: its agent has ended, and the scheduler has not noticed
//	seen, waits again    -> Cancel: the scheduler requeued it, and a job directory is used once
//	seen, stays Completing although the agent has ended -> Close
//	runs where it cannot be seen -> Close once its agent has ended, or was silent for so long that nothing runs any more
//	unseen, settled      -> Close as Vanished: the scheduler answered after the settle time and lists no such job
//	unseen, not settled  -> nothing: the intent occupies its seat
//	seen, record damaged -> nothing until it is rebuilt, or the job has ended: see damage.go
func (w *world) settle() {
	if !w.known {
		return
	}
	for _, a := range w.attempts {
		if a.End != nil || w.busy(a.Seat) {
			continue
		}
		j := w.job(a.Nonce)
		if j == nil {
			w.unseen(a)
			continue
		}
		if a.unknown() && !j.State.Terminal() {
			continue
		}
		if a.JobID != j.ID {
			w.do(Action{Verb: Adopt, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: j.ID,
				Reason: Adopted, Message: fmt.Sprintf("job %s carries the mark of this submission", j.ID)})
			a.JobID = j.ID // a job that is found when it has ended is closed at once, and fenced by its id
		}
		agent := w.o.Agents[a.Nonce]
		switch {
		case j.State.Terminal(), agent.ended() && w.completingFor(j) > completingLimit:
			w.close(a, endOf(a, j, agent))
		case w.empty(j, agent):
			w.cancel(a, cause{AgentEnded, emptied(*agent.State.End)})
		case j.Away != "":
			w.away(a, j, agent)
		case requeued(j, agent):
			w.cancel(a, cause{Requeued, "the scheduler put it back into the queue, and another job takes its place"})
		}
	}
}

// emptied says that an agent has ended, and why where it says so: one that had nothing left to do does not.
func emptied(end drivers.AgentEnd) string {
	const nothing = "nothing runs in it any more"
	if end.Message == "" {
		return nothing
	}
	return nothing + ": " + end.Message
}

const (
	// emptyFor is how long a scheduler may list a job as running whose agent has ended because what supervised it was killed.
	emptyFor = 10 * time.Second
	// lingersFor is the same after an end in turn, of which a busy scheduler hears late.
	lingersFor = 30 * time.Second
)

// empty reports whether a job is listed as running although its agent, or the agent's guard, has said a while ago that it
// ended. A scheduler that lost its own supervisor of the job, or was given back an older state, can take minutes to notice.
func (w *world) empty(j *drivers.Job, agent Agent) bool {
	if j.State != drivers.JobRunning || !agent.ended() {
		return false
	}
	left := lingersFor
	switch agent.State.End.Reason {
	case drivers.EndOrphaned, drivers.EndKilled, drivers.EndStopped:
		left = emptyFor
	}
	if left -= agent.StillFor; left > 0 {
		w.wakeAt(w.o.Now.Add(left))
		return false
	}
	return true
}

// away decides on a job that runs on a host where it cannot be seen: that of a controller before this one. It goes on, and
// what it measures counts, as long as its agent reports. Its seat is free when the agent has ended, or was silent for
// longer than a controller's lease lasts: by then it was told to stop, or its host is gone.
func (w *world) away(a *Attempt, j *drivers.Job, agent Agent) {
	switch {
	case agent.ended():
		w.close(a, endOf(a, &drivers.Job{ID: j.ID, State: drivers.JobVanished}, agent))
	case agent.StillFor > w.d.Policy.Away:
		w.cancel(a, cause{AgentLost, "its agent is silent, and it cannot be seen from here"})
		w.close(a, End{State: j.State, Reason: AgentLost, Message: fmt.Sprintf("job %s on %s cannot be seen from here, and its agent was silent for %s",
			j.ID, j.Away, agent.StillFor.Round(time.Second))})
	}
}

// requeued reports whether a job waits again after its agent has run. An agent does not run twice in one job directory.
func requeued(j *drivers.Job, agent Agent) bool {
	return j.State == drivers.JobPending && agent.State != nil
}

// completingLimit is how long a job may take to end. After that its node needs an administrator.
const completingLimit = 5 * time.Minute

// completingFor is how long a job has been ending; 0 when it is not, or when that is not known. A reader, who has only just
// begun to look, believes the scheduler's clock; nothing is done by it, since that clock and ours can differ by hours.
func (w *world) completingFor(j *drivers.Job) time.Duration {
	if w.o.Reading && j.State == drivers.JobCompleting && !j.Ends.IsZero() {
		return w.o.Now.Sub(j.Ends)
	}
	return w.o.Listing.Ending[j.ID]
}

// unseen decides on an attempt whose job is not listed. A listing proves nothing before the settle time is over, counted
// from the submission, or from when the scheduler or this controller came back, or the clock was set: a submission on its
// way can come true late. A time that is yet to come was read from a clock that was set since.
func (w *world) unseen(a *Attempt) {
	since := a.Begun
	for _, t := range []time.Time{a.Submitted, w.o.Listing.Since} {
		if t.After(since) || since.After(w.o.Now) {
			since = t
		}
	}
	settled := since.Add(w.d.Policy.Settle)
	if w.o.Listing.At.Before(settled) {
		w.wakeAt(settled)
		return
	}
	agent := w.o.Agents[a.Nonce]
	if st := agent.State; a.JobID == "" && st != nil && st.Nonce == a.Nonce {
		a.JobID = drivers.JobID(st.JobID) // the answer to the submission was lost, and its agent says that there was a job
	}
	if a.JobID != "" || agent.ended() {
		w.close(a, endOf(a, &drivers.Job{ID: a.JobID, State: drivers.JobVanished}, agent))
		return
	}
	w.close(a, End{State: drivers.JobVanished, Reason: NeverSubmitted, Message: "the scheduler answered after the settle time and lists no such job"})
}

// close ends an attempt: its seat is free afterwards, or after the fence.
func (w *world) close(a *Attempt, e End) {
	e.At = w.o.Now
	alloc := w.allocationOf(a)
	spec := a.Spec
	if alloc != nil {
		spec = alloc.spec
	}
	e.Spec, e.Failure, e.Used = spec, w.counts(a, e), a.Holds.For(w.ranFor(a))
	e.Queued, e.Start = queuedFor(a, w.job(a.Nonce)), startOf(w.o.Agents[a.Nonce])
	if agent, j := w.o.Agents[a.Nonce], w.job(a.Nonce); unsaid(a, j, agent) {
		e.Unsaid, e.Nodes = true, nodesOf(j, agent)
	}
	fence := w.o.Fences && (a.JobID != "" || e.Unsaid) && e.Doubtful() // of a job whose id is lost, what carries its mark
	w.do(Action{Verb: Close, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: a.JobID,
		Reason: e.Reason, Message: e.Message, End: &e, Fence: fence})
	if fence {
		w.fence(a)
		return
	}
	a.End = &e
	if x := w.byName[a.Seat.Experiment]; x != nil {
		x.occupied--
	}
	w.open[a.Seat] = slices.DeleteFunc(slices.Clone(w.open[a.Seat]), func(o *Attempt) bool { return o == a })
	w.ended[a.Seat.Place()] = append(w.ended[a.Seat.Place()], a)
	if alloc == nil || a.Seat.Slot >= len(alloc.seats) {
		return
	}
	seat, twin := alloc.seats[a.Seat.Slot], alloc.twin(a.Seat.Slot)
	switch {
	case twin != nil && twin.attempt == a:
		alloc.dropTwin(a.Seat.Slot)
		return
	case seat.attempt != a:
		return
	case twin != nil:
		alloc.swap(a.Seat.Slot)
		alloc.dropTwin(a.Seat.Slot)
		w.rejudge(alloc)
		return
	}
	alloc.free(seat)
	if left := w.open[seat.id]; len(left) > 0 { // a duplicate still fills the seat
		w.fill(alloc, seat, left[0])
		w.rejudge(alloc)
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
