package drivers

import "time"

// Window is when a run measured, and did nothing else: preparing, waiting and scoring lie outside. What else was recorded at
// that time (power, utilization, a server's counters) is joined with a result by it. Wall-clock times are of the client's
// host, and so are the readings of CLOCK_MONOTONIC that belong to them, in nanoseconds.
type Window struct {
	From          time.Time `json:"from"`
	To            time.Time `json:"to"`
	MonotonicFrom int64     `json:"monotonicFrom"`
	MonotonicTo   int64     `json:"monotonicTo"`
	// Stepped is how far the wall clock was set meanwhile: To less From is then not the time that passed. 0: it was not.
	Stepped Seconds `json:"stepped,omitempty"`
	// Spans are the parts in which a run measured that pauses in between. Empty: it measured all the time.
	Spans []Span `json:"spans,omitempty"`
}

// Span is a part of a window.
type Span struct {
	Name string    `json:"name,omitempty"` // of what was measured, as metrics begin
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Lasted is how long it was by CLOCK_MONOTONIC, which nobody sets.
func (w Window) Lasted() time.Duration { return time.Duration(w.MonotonicTo - w.MonotonicFrom) }

// Wall is a moment of CLOCK_MONOTONIC on the wall clock, as that was when the window began.
func (w Window) Wall(at time.Duration) time.Time {
	return w.From.Add(at - time.Duration(w.MonotonicFrom))
}

// Parts are the spans, or the whole window where it has none.
func (w Window) Parts() []Span {
	if len(w.Spans) > 0 {
		return w.Spans
	}
	return []Span{{From: w.From, To: w.To}}
}
