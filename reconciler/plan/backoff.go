package plan

import (
	"fmt"
	"slices"
	"time"

	"assay/drivers"
)

// counts reports whether an end is a failure of the service, so that it counts towards the restart limit.
func (w *world) counts(a *Attempt, e End) bool {
	switch {
	case a.Cancelled == ReadinessDeadline, a.Cancelled == CrashLoop, a.Cancelled == AgentLost, a.Cancelled == CommandNotFound, a.Cancelled == Missing:
		return true
	case a.Cancelled != "", a.Run != "" && e.State == drivers.JobCompleted, e.State == drivers.JobNodeFail, e.State == drivers.JobPreempted, e.Reason == NeverSubmitted:
		return false
	}
	return !w.proven(a)
}

// proven reports whether an attempt was Ready and lived long enough not to count as a failure.
func (w *world) proven(a *Attempt) bool {
	st := w.o.Agents[a.Nonce].State
	if st == nil || a.Submitted.IsZero() || w.o.Now.Sub(a.Submitted) < w.d.Policy.Proven {
		return false
	}
	return slices.ContainsFunc(st.Processes, func(p drivers.ProcessState) bool { return p.WasReady })
}

// failures counts how often in a row the seat's jobs failed with the spec as it is now, and when the last one ended.
func (w *world) failures(id drivers.Seat, spec string) (n int, last *Attempt) {
	ended := w.ended[id]
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
		return cause{}, cause{}
	}
	if r := last.End.Reason; r == CommandNotFound || r == Missing {
		return cause{}, cause{r, last.End.Message + "; it is tried again when its spec changes"}
	}
	if n > alloc.restarts {
		return cause{}, cause{RestartLimit, fmt.Sprintf("%d jobs in a row failed, the last one: %s (%s); it is tried again when its spec changes", n, last.End.Reason, last.End.Message)}
	}
	delay := alloc.backoff << min(n-1, 20)
	if delay > w.d.Policy.BackoffMax || delay <= 0 {
		delay = w.d.Policy.BackoffMax
	}
	if until := last.End.At.Add(delay); w.o.Now.Before(until) {
		w.wakeAt(until)
		return cause{BackingOff, fmt.Sprintf("failed %d times (%s); the next job in %s", n, last.End.Reason, until.Sub(w.o.Now).Round(time.Second))}, cause{}
	}
	return cause{}, cause{}
}
