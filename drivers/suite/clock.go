package suite

import (
	"time"

	"assay/drivers"
	"assay/drivers/suite/loadgen/socket"
)

// stepped is the least difference between the two clocks that counts as a step: reading them takes less. NTP slews both
// alike, so that they drift apart only when somebody sets the wall clock.
const stepped = 5 * time.Millisecond

// Absent says why a result has no metric of that name, or none that begins so.
func Absent(res *drivers.SuiteResult, metric, why string) {
	if res.Absent == nil {
		res.Absent = map[string]string{}
	}
	res.Absent[metric] = why
}

// Anchor is a moment on both clocks of this host.
type Anchor struct {
	Mono  time.Duration // CLOCK_MONOTONIC
	Ahead time.Duration // the wall clock, since 1970, less CLOCK_MONOTONIC
}

// ReadAnchor reads both clocks of a run. A reading can be interrupted between them; of several the least interrupted counts.
func ReadAnchor(c socket.Clock) (a Anchor) {
	for range 5 {
		if at, ahead := c.Now(); ahead > a.Ahead {
			a = Anchor{at, ahead}
		}
	}
	return a
}

// wall is a moment of CLOCK_MONOTONIC on the wall clock as it was at the anchor.
func (a Anchor) wall(at time.Duration) time.Time { return time.Unix(0, int64(a.Ahead+at)).UTC() }

// Between is the window from one moment of CLOCK_MONOTONIC to another, of which the anchors were read before and after.
func Between(before, after Anchor, from, to time.Duration) *drivers.Window {
	w := &drivers.Window{From: before.wall(from), To: after.wall(to), MonotonicFrom: int64(from), MonotonicTo: int64(to)}
	if by := after.Ahead - before.Ahead; by.Abs() > stepped {
		w.Stepped = drivers.SecondsOf(by)
	}
	return w
}

// Stopwatch notes when a run measures that pauses in between.
type Stopwatch struct {
	clock  socket.Clock
	before Anchor
	from   time.Duration
	to     time.Duration
	after  Anchor
	spans  []drivers.Span
}

// NewStopwatch is one that has not run yet.
func NewStopwatch() *Stopwatch { return &Stopwatch{clock: socket.NewClock()} }

// Start begins a span; the function that it returns ends it. Spans do not overlap.
func (s *Stopwatch) Start(name string) (end func()) {
	before := ReadAnchor(s.clock)
	return func() {
		after := ReadAnchor(s.clock)
		if len(s.spans) == 0 {
			s.before, s.from = before, before.Mono
		}
		s.to, s.after = after.Mono, after
		s.spans = append(s.spans, drivers.Span{Name: name, From: before.wall(before.Mono), To: after.wall(after.Mono)})
	}
}

// Window is from the first span to the last; nil without any.
func (s *Stopwatch) Window() *drivers.Window {
	if len(s.spans) == 0 {
		return nil
	}
	w := Between(s.before, s.after, s.from, s.to)
	w.Spans = s.spans
	return w
}

// clockStepped is the note about a wall clock that was set while a run measured.
func clockStepped(w *drivers.Window) (note drivers.Reason, was bool) {
	if w == nil || w.Stepped == 0 {
		return note, false
	}
	return NewReason(ReasonClockStepped, "the wall clock of the client's host was set by %.3f s while it measured: latencies and throughputs are not touched, but the "+
		"window on the wall clock is wrong by that much, so nothing that is recorded elsewhere can be joined; keep the clock with chrony or ntpd and run it again",
		float64(w.Stepped)), true
}
