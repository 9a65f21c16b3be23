package plan

import (
	"fmt"
	"slices"
	"time"

	"assay/drivers"
)

// proven reports whether an attempt was Ready and lived long enough not to count as a failure.
func (w *world) proven(a *Attempt) bool {
	st := w.o.Agents[a.Nonce].State
	if st == nil || a.Submitted.IsZero() || w.o.Now.Sub(a.Submitted) < w.d.Policy.Proven {
		return false
	}
	return everReady(st)
}

// everReady reports whether a process of a job has been Ready once.
func everReady(st *drivers.AgentState) bool {
	return slices.ContainsFunc(st.Processes, func(p drivers.ProcessState) bool { return p.WasReady })
}

// broken is how often in a row the seat's jobs ended because of a node. One such end is followed by another job at once,
// further ones wait: the next node can be as bad.
func (w *world) broken(id drivers.Seat) (n int, last *Attempt) {
	for _, a := range slices.Backward(w.ended[id.Place()]) {
		if !nodeEnded(a.End.Reason) {
			return n, last
		}
		if last == nil {
			last = a
		}
		n++
	}
	return n, last
}

// failures counts how often in a row the seat's jobs failed with the spec as it is now, and when the last one ended.
func (w *world) failures(id drivers.Seat, spec string) (n int, last *Attempt) {
	ended := w.ended[id.Place()]
	for i := len(ended) - 1; i >= 0; i-- {
		a := ended[i]
		if last == nil {
			last = a
		}
		if !a.End.Failure || a.End.Spec != spec {
			break
		}
		n++
	}
	return n, last
}

// backoff reports whether a free seat has to wait, or is given up.
func (w *world) backoff(alloc *allocation, seat *seat) (wait, stalled cause) {
	n, last := w.failures(seat.id, alloc.spec)
	seat.failures = n
	if n == 0 {
		if over := w.renewed(alloc, seat.id); over.set() {
			return cause{}, over
		}
		if n, last = w.broken(seat.id); n > 1 {
			return w.pause(alloc, n-1, last), cause{}
		}
		return cause{}, cause{}
	}
	if r := last.End.Reason; hopeless(r) {
		return cause{}, cause{r, last.End.Message + "; it is tried again when its spec changes"}
	}
	if n > alloc.restarts {
		return cause{}, cause{RestartLimit, fmt.Sprintf("%d jobs in a row failed, the last one: %s (%s); it is tried again when its spec changes", n, last.End.Reason, last.End.Message)}
	}
	return w.pause(alloc, n, last), cause{}
}

// pause is the wait after n ends in a row; no cause once it is over.
func (w *world) pause(alloc *allocation, n int, last *Attempt) cause {
	delay := alloc.backoff << min(n-1, 20)
	if delay > w.d.Policy.BackoffMax || delay <= 0 {
		delay = w.d.Policy.BackoffMax
	}
	until := last.End.At.Add(delay)
	if !w.o.Now.Before(until) || last.End.At.After(w.o.Now) { // an end that is yet to come: the clock was set since
		return cause{}
	}
	w.wakeAt(until)
	return cause{BackingOff, fmt.Sprintf("failed %d times (%s); the next job in %s", n, last.End.Reason, until.Sub(w.o.Now).Round(time.Second))}
}
