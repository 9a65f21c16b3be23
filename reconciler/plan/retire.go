package plan

import (
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// cancelAgain is how long a job that was cancelled can go on before it is cancelled again.
const cancelAgain = 30 * time.Second

// release says why no seat of an experiment is wanted.
func (w *world) release(x *experiment) cause {
	switch {
	case x.Deleting:
		return cause{Deleted, "the experiment was deleted"}
	case x.Suspend:
		return cause{Suspended, "the experiment is suspended"}
	case x.StopDone && x.allDone():
		return cause{Done, "every run has ended, and whenDone is Stop"}
	}
	return cause{}
}

// retire cancels what fills a seat that is no longer wanted.
func (w *world) retire(x *experiment) {
	if !w.known || x.blocked != "" {
		return
	}
	for _, id := range x.openSeats {
		because := w.unwanted(x, id)
		for _, a := range w.open[id] {
			switch {
			case because.reason == ScaledDown && w.leaving(x, x.alloc[id.Group], a):
			case because.set():
				w.cancel(a, because)
			case isRunSeat(id) && w.idle(x, a):
				w.cancel(a, cause{Superseded, "its run has ended"})
			}
		}
	}
	if x.Deleting {
		w.cancelUnknown(x)
	}
}

// unwanted says why a seat is no longer wanted.
func (w *world) unwanted(x *experiment, id drivers.Seat) cause {
	if x.released.set() {
		return x.released
	}
	if isRunSeat(id) {
		return cause{} // run.go ends these, and idle finds what that has missed
	}
	alloc := x.alloc[id.Group]
	switch {
	case alloc == nil:
		return cause{Removed, id.Group + " is no longer declared"}
	case id.Slot >= alloc.slots:
		return cause{ScaledDown, fmt.Sprintf("%s now has %d replicas", alloc.name, alloc.slots)}
	}
	return cause{}
}

// idle reports whether the job of a run goes on although its run has ended, and does not end by itself: a cancel can get lost
// with the controller that decided on it.
func (w *world) idle(x *experiment, a *Attempt) bool {
	agent := w.o.Agents[a.Nonce]
	ends := agent.Desired.ExitWhenDone && agent.State != nil && agent.StillFor <= w.d.Policy.Stale
	for _, r := range x.runs {
		if r.ID == a.Run && active(r) {
			return false
		}
		if r.ID == a.Run { // its agent ends with a run that has a result, and not with one that was given up
			ends = agent.StillFor <= w.d.Policy.Stale && (r.Result != nil || r.Phase == v1alpha1.RunComplete || r.Phase == v1alpha1.RunFailed)
		}
	}
	j := w.job(a.Nonce)
	return a.Run != "" && !ends && !agent.ended() && j != nil && j.Away == ""
}

// cancelUnknown ends jobs that carry our mark and are in no journal. Only a deletion does so: otherwise unknown jobs are
// reported, never cancelled.
func (w *world) cancelUnknown(x *experiment) {
	for _, n := range x.unknown {
		for _, j := range w.jobs[n] {
			if !j.State.Terminal() && j.State != drivers.JobCompleting {
				w.do(Action{Verb: Cancel, Experiment: x.Name, Object: "service/" + j.Tag.Seat.Group, Seat: j.Tag.Seat, Nonce: n, JobID: j.ID,
					Reason: Deleted, Message: fmt.Sprintf("job %s carries the mark of this experiment, which was deleted", j.ID)})
			}
		}
	}
}

// cancel asks for the end of an attempt's job, and asks again when the job does not end.
func (w *world) cancel(a *Attempt, because cause) {
	j := w.job(a.Nonce)
	if j == nil || a.End != nil {
		return // no job is known to cancel; settle.go waits for it or frees the seat
	}
	if j.State.Terminal() || j.State == drivers.JobCompleting {
		return
	}
	if a.Cancelled != "" {
		if again := a.CancelledAt.Add(cancelAgain); w.o.Now.Before(again) && !a.CancelledAt.After(w.o.Now) {
			w.wakeAt(again)
			return
		}
		because = cause{a.Cancelled, "it was cancelled before and still runs"}
	}
	w.do(Action{Verb: Cancel, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: j.ID,
		Reason: because.reason, Message: strings.TrimSpace(fmt.Sprintf("job %s is cancelled: %s", j.ID, because.message))})
	a.Cancelled, a.CancelledAt = because.reason, w.o.Now
}

// forgetWhenGone ends a deletion once nothing fills a seat any more.
func (w *world) forgetWhenGone(x *experiment) {
	if !x.Deleting || !w.known || x.unknownJobs > 0 || len(x.records) > 0 || !w.exported(x) || x.occupied > 0 || w.loose(x).set() {
		return
	}
	if left := w.leftovers(x); left != "" {
		w.do(Action{Verb: Forget, Experiment: x.Name, Object: "experiment/" + x.Name, Reason: Unverified, Message: "could not be verified: " + left})
		return
	}
	w.do(Action{Verb: Forget, Experiment: x.Name, Object: "experiment/" + x.Name, Reason: Deleted, Message: "everything has ended; history, results and logs are kept"})
}
