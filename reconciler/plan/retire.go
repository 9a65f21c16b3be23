package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/drivers"
)

// cancelAgain is how long a cancelled job may go on before it is asked again.
const cancelAgain = 30 * time.Second

// release says why no seat of an experiment is wanted at all.
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

// retire cancels what fills a seat that is not wanted any more.
func (w *world) retire(x *experiment) {
	if !w.known || x.blocked != "" {
		return
	}
	ids := make([]drivers.Seat, 0, len(w.open))
	for id := range w.open {
		if id.Experiment == x.Name {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareSeats)
	for _, id := range ids {
		if because := w.unwanted(x, id); because.set() {
			for _, a := range w.open[id] {
				w.cancel(a, because)
			}
		}
	}
	if x.Deleting {
		w.cancelUnknown(x)
	}
}

// unwanted says why nobody wants a seat.
func (w *world) unwanted(x *experiment, id drivers.Seat) cause {
	if x.released.set() {
		return x.released
	}
	if isRunSeat(id) {
		return cause{} // run.go ends these
	}
	for _, alloc := range x.allocs {
		if alloc.name != id.Group {
			continue
		}
		if id.Slot < alloc.slots {
			return cause{}
		}
		return cause{ScaledDown, fmt.Sprintf("%s now has %d replicas", alloc.name, alloc.slots)}
	}
	return cause{Removed, id.Group + " is no longer declared"}
}

// cancelUnknown ends jobs that carry our mark but are in no journal; only a deletion may take them along.
func (w *world) cancelUnknown(x *experiment) {
	nonces := make([]string, 0)
	for n, js := range w.jobs {
		if w.attempt[n] == nil && js[0].Tag.Seat.Experiment == x.Name {
			nonces = append(nonces, n)
		}
	}
	slices.Sort(nonces)
	for _, n := range nonces {
		for _, j := range w.jobs[n] {
			if !j.State.Terminal() && j.State != drivers.JobCompleting {
				w.do(Action{Verb: Cancel, Experiment: x.Name, Object: "service/" + j.Tag.Seat.Group, Seat: j.Tag.Seat, Nonce: n, JobID: j.ID,
					Reason: Deleted, Message: fmt.Sprintf("job %s carries the mark of this experiment, which was deleted", j.ID)})
			}
		}
	}
}

// cancel asks for the end of an attempt's job, and again when it does not come.
func (w *world) cancel(a *Attempt, because cause) {
	js := w.jobs[a.Nonce]
	if len(js) == 0 || a.End != nil {
		return // no job is known to cancel; settle.go waits for it or frees the seat
	}
	j := slices.MinFunc(js, olderJob)
	if j.State.Terminal() || j.State == drivers.JobCompleting {
		return
	}
	if a.Cancelled != "" {
		if again := a.CancelledAt.Add(cancelAgain); w.o.Now.Before(again) {
			w.wakeAt(again)
			return
		}
		because = cause{a.Cancelled, "it was cancelled before and still runs"}
	}
	w.do(Action{Verb: Cancel, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: j.ID,
		Reason: because.reason, Message: strings.TrimSpace(fmt.Sprintf("job %s is cancelled: %s", j.ID, because.message))})
	a.Cancelled = because.reason
}

// forgetWhenGone ends a deletion once nothing fills a seat any more.
func (w *world) forgetWhenGone(x *experiment) {
	if !x.Deleting || !w.known || x.unknown > 0 || w.recorded(x) > 0 || !w.exported(x) {
		return
	}
	for id, open := range w.open {
		if id.Experiment == x.Name && len(open) > 0 {
			return
		}
	}
	w.do(Action{Verb: Forget, Experiment: x.Name, Object: "experiment/" + x.Name, Reason: Deleted, Message: "everything has ended; history, results and logs are kept"})
}
