package suite

import (
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/suite/loadgen/socket"
)

// TestClockStepIsSeen: a window is on the wall clock as it was at either end, and says by how much that was set in between.
// Readings that differ by less than a reading takes are no step.
func TestClockStepIsSeen(t *testing.T) {
	ahead := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano()
	before := Anchor{Mono: time.Second, Ahead: time.Duration(ahead)}
	for name, test := range map[string]struct {
		by   time.Duration
		want drivers.Seconds
	}{
		"not set":      {100 * time.Microsecond, 0},
		"set forward":  {time.Hour, 3600},
		"set backward": {-20 * time.Millisecond, -0.02},
	} {
		after := Anchor{Mono: 100 * time.Second, Ahead: before.Ahead + test.by}
		w := Between(before, after, 2*time.Second, 90*time.Second)
		if w.Stepped != test.want || w.Lasted() != 88*time.Second || w.To.Sub(w.From) != 88*time.Second+test.by {
			t.Errorf("%s: %+v", name, w)
		}
		if note, was := clockStepped(w); was != (test.want != 0) || was && note.Reason != ReasonClockStepped {
			t.Errorf("%s: %v %v", name, note, was)
		}
	}
}

// TestWindowIsNow: both clocks are read right.
func TestWindowIsNow(t *testing.T) {
	began, mono := time.Now(), socket.Monotonic()
	s := NewStopwatch()
	if s.Window() != nil {
		t.Error("a window of nothing")
	}
	s.Start("a")()
	s.Start("b")()
	ended, until := time.Now(), socket.Monotonic()
	w := s.Window()
	const slack = 100 * time.Millisecond // the clocks are aligned, not the same
	if w.From.Before(began.Add(-slack)) || w.To.After(ended.Add(slack)) || w.To.Before(w.From) || len(w.Parts()) != 2 || w.Parts()[1].Name != "b" {
		t.Errorf("%+v lies not between %s and %s", w, began, ended)
	}
	if time.Duration(w.MonotonicFrom) < mono-slack || time.Duration(w.MonotonicTo) > until+slack {
		t.Errorf("%d to %d, but it was %d to %d", w.MonotonicFrom, w.MonotonicTo, mono, until)
	}
}
