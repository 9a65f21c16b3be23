//go:build linux

package wire

import "time"

// Where events come thick and fast, a wake-up for each costs both sides more than the event itself: the server's write has to
// wake a sleeping thread. A loop then sleeps by the clock for a while and handles all that has gathered. The kernel has
// stamped each arrival, so that times stay what they were; where several events of one answer gather, Outcome.Blur says so.
const (
	// longest is how long a loop lets events gather.
	longest = 500 * time.Microsecond
	// shortest is the least that is worth a sleep.
	shortest = 50 * time.Microsecond
	// several events must come in that time.
	several = 4
	// An answer of a bounded load makes room for the next request: its end may lie for so small a part of what an answer takes.
	ofAnswer = 256
	// period is how long events are counted to know how fast they come.
	period = 4 * time.Millisecond
)

// crowd is how fast events come to a loop.
type crowd struct {
	began  time.Duration // of the period
	events int           // in it
	rate   float64       // events a nanosecond, in the last one
	answer time.Duration // how long answers take, on a sliding average
}

// saw counts the events of a wait.
func (c *crowd) saw(now time.Duration, events int) {
	c.events += events
	if took := now - c.began; took >= period {
		c.rate = float64(c.events) / float64(took)
		c.began, c.events = now, 0
	}
}

// ended notes how long an answer took.
func (c *crowd) ended(took time.Duration) {
	if c.answer == 0 {
		c.answer = took
	}
	c.answer += (took - c.answer) / 16
}

// pause is how long events are left to gather; 0: not at all.
func (c *crowd) pause(bounded bool) time.Duration {
	d := longest
	if bounded {
		d = min(d, c.answer/ofAnswer)
	}
	if d < shortest || c.rate*float64(d) < several {
		return 0
	}
	return d
}
