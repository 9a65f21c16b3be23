//go:build linux

package wire

import (
	"testing"
	"time"

	"assay/drivers/suite/selfwatch"
)

// TestPause: events gather only where they come fast, and in a bounded load for so small a part of an answer that its slots are
// not missed.
func TestPause(t *testing.T) {
	for name, c := range map[string]struct {
		every, answer time.Duration // from one event to the next, and of an answer
		bounded       bool
		want          time.Duration
	}{
		"hardly any events":             {time.Millisecond, time.Second, false, 0},
		"many events":                   {60 * time.Microsecond, time.Millisecond, false, brieflyLong},
		"many events, long answers":     {60 * time.Microsecond, time.Second, true, brieflyLong},
		"many events, answers of 50 ms": {10 * time.Microsecond, 51200 * time.Microsecond, true, 200 * time.Microsecond},
		"short answers":                 {time.Microsecond, time.Millisecond, true, 0},
		"no answer yet":                 {time.Microsecond, 0, true, 0},
	} {
		var l crowd
		for now := time.Duration(0); now < 20*period; now += c.every {
			l.packets(1, false)
			l.saw(now)
		}
		for range 100 {
			l.ended(c.answer)
		}
		if got := l.pause(c.bounded); got < c.want-c.want/100 || got > c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestGatheredBlur: events that gathered and share a stamp can have come at any time since the loop had looked before.
func TestGatheredBlur(t *testing.T) {
	l := look{late: selfwatch.Histogram{}}
	l.woke(time.Second, time.Second+time.Millisecond, 0, false)
	l.gathered(time.Second+1500*time.Microsecond, false)
	if got := l.blur(time.Second+1400*time.Microsecond, 0); got != 400*time.Microsecond {
		t.Errorf("a blur of %v", got)
	}
	if got := l.blur(time.Second+1400*time.Microsecond, time.Second+1300*time.Microsecond); got != 100*time.Microsecond {
		t.Errorf("of a connection that was read meanwhile: %v", got)
	}
	l.gathered(time.Second+2000*time.Microsecond, true) // not all of it was reported
	l.gathered(time.Second+2500*time.Microsecond, false)
	if got := l.blur(time.Second+2400*time.Microsecond, 0); got != 900*time.Microsecond {
		t.Errorf("what was not reported at once: %v", got)
	}
}
