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

// TestApartInTime: packets gather longer where the events of an answer are far apart and nobody waits for the end of one; not any more
// as soon as two events came together, and not at all where the kernel stamps nothing.
func TestApartInTime(t *testing.T) {
	now := time.Duration(0)
	var l crowd
	spend := func(took, gap time.Duration) {
		for end := now + took; now < end; now += 500 * time.Microsecond {
			l.packets(1, false)
			l.apart(gap)
			l.saw(now)
		}
	}
	spend(time.Second, 10*time.Millisecond)
	if got := l.pause(false); got < longest*9/10 || got > longest {
		t.Errorf("10 ms from event to event: %v", got)
	}
	for range 100 {
		l.ended(time.Second)
	}
	if got := l.pause(true); got > brieflyLong {
		t.Errorf("in a bounded load: %v", got)
	}
	l.apart(0)
	l.rate = 1
	if got := l.pause(false); got != brieflyLong {
		t.Errorf("behind two events in a read: %v", got)
	}
	if l.slept(tolerated); l.pause(false) == 0 {
		t.Error("behind a sleep that was on time")
	}
	l.slept(time.Millisecond)
	for range awake {
		if l.pause(false) != 0 {
			t.Fatal("it goes on sleeping without a CPU")
		}
	}
	if l.pause(false) == 0 {
		t.Error("it never sleeps again")
	}
	if l.blind = true; l.pause(false) != 0 {
		t.Error("without stamps")
	}
}

// TestBurstsGather: streams that a server writes one after the other, a token a write, go on gathering: that a look finds one or two
// of them does not hide how many wake-ups it saves.
func TestBurstsGather(t *testing.T) {
	var l crowd
	for now, k := time.Duration(0), 0; k < 2000; k++ {
		gathered := l.pause(false) > 0
		if now += 5 * time.Microsecond; gathered {
			now += brieflyLong
			l.packets(100, true)
		} else {
			l.packets(1, false)
		}
		if l.saw(now); k > 1000 && !gathered {
			t.Fatalf("look %d: %g packets a microsecond", k, 1000*l.rate)
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
