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
//	unseen, settled      -> Close as Vanished: the scheduler answered after the settle time, and there is no such job
//	unseen, not settled  -> nothing: the intent occupies its seat
func (w *world) settle() {
	if !w.known {
		return
	}
	for _, a := range sortedAttempts(w.o.Attempts) {
		if a.End != nil {
			continue
		}
		js := w.jobs[a.Nonce]
		if len(js) == 0 {
			w.unseen(a)
			continue
		}
		j := slices.MinFunc(js, olderJob)
		if a.JobID != j.ID {
			w.do(Action{Verb: Adopt, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: j.ID,
				Reason: "Adopted", Message: fmt.Sprintf("job %s carries the mark of this submission", j.ID)})
		}
		if j.State.Terminal() {
			w.close(a, endOf(a, j, w.o.Agents[a.Nonce]))
		}
	}
}

// unseen decides on an attempt whose job is not listed. A listing from before the
// settle time proves nothing, and neither does one soon after the scheduler, or we, came back: a submission that was on its way may come true late.
func (w *world) unseen(a *Attempt) {
	since := a.Begun
	for _, t := range []time.Time{a.Submitted, w.o.Listing.Since} {
		if t.After(since) {
			since = t
		}
	}
	settled := since.Add(w.d.Policy.Settle)
	if w.o.Listing.At.Before(settled) {
		w.lookAt(settled)
		return
	}
	end := End{State: drivers.JobVanished, Reason: "NeverSubmitted", Message: "the scheduler knows no such job, and answered after the settle time"}
	if a.JobID != "" {
		end.Reason, end.Message = "Vanished", fmt.Sprintf("the scheduler no longer lists job %s", a.JobID)
	}
	if st := w.o.Agents[a.Nonce].State; st != nil && st.End != nil {
		end.Reason, end.Message = "Ended", fmt.Sprintf("job %s ended: %s %s", a.JobID, st.End.Reason, st.End.Message)
	}
	w.close(a, end)
}

// endOf says how a terminal job ended, in words that answer "why".
func endOf(a *Attempt, j drivers.Job, agent Agent) End {
	e := End{State: j.State, Reason: string(j.State), Message: fmt.Sprintf("job %s ended as %s (%s)", j.ID, j.State, j.Reason)}
	switch j.State {
	case drivers.JobCancelled:
		if a.Cancelled == "" {
			e.Reason, e.Message = "CancelledByHand", fmt.Sprintf("job %s was cancelled, and not by assay", j.ID)
		}
	case drivers.JobTimeout:
		e.Reason, e.Message = "TimeLimit", fmt.Sprintf("job %s reached its time limit", j.ID)
	case drivers.JobFailed:
		e.Reason, e.Message = "JobFailed", fmt.Sprintf("job %s failed with exit code %d, signal %d (%s)", j.ID, j.Exit, j.Signal, j.Reason)
	}
	if a.Cancelled != "" {
		e.Reason, e.Message = a.Cancelled, fmt.Sprintf("job %s was cancelled by assay: %s", j.ID, a.Cancelled)
		if p := processOf(a, agent); p != nil && p.Phase == drivers.PhaseFailed && p.Message != "" {
			e.Message += ": " + p.Message
		}
	}
	return e
}

// processOf is what the agent of an attempt says of its server.
func processOf(a *Attempt, agent Agent) *drivers.ProcessState {
	if agent.State == nil {
		return nil
	}
	for i, p := range agent.State.Processes {
		if p.Name == a.Seat.Group {
			return &agent.State.Processes[i]
		}
	}
	return nil
}

// close ends an attempt: its seat is free afterwards.
func (w *world) close(a *Attempt, e End) {
	e.At = w.o.Now
	spec := a.Spec
	if s := w.serviceOf(a); s != nil {
		spec = s.Spec()
	}
	e.Spec, e.Failure = spec, w.counts(a, e)
	w.do(Action{Verb: Close, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: a.JobID,
		Reason: e.Reason, Message: e.Message, End: &e})
	a.End = &e
	w.open[a.Seat] = slices.DeleteFunc(slices.Clone(w.open[a.Seat]), func(o *Attempt) bool { return o == a })
	if x := w.byName[a.Experiment]; x != nil {
		for _, s := range x.services {
			for _, t := range s.seats {
				if t.attempt != a {
					continue
				}
				t.attempt, t.job, t.proc = nil, nil, nil
				if left := w.open[t.id]; len(left) > 0 { // a duplicate still fills the seat
					w.fill(t, left[0], s.Name)
					w.judge(x, s)
				}
			}
		}
	}
	w.ended[a.Seat] = append(w.ended[a.Seat], a)
}

func (w *world) serviceOf(a *Attempt) *service {
	if x := w.byName[a.Experiment]; x != nil {
		for _, s := range x.services {
			if s.Name == a.Seat.Group {
				return s
			}
		}
	}
	return nil
}

func object(a *Attempt) string {
	if a.Run != "" {
		return "run/" + a.Run
	}
	return "service/" + a.Seat.Group
}
