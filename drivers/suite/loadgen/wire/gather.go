//go:build linux

package wire

import "time"

// Where packets come thick and fast, a wake-up for each costs both sides more than the packet itself: the server's write has to
// wake a sleeping thread. A loop then sleeps by the clock for a while and handles all that has gathered. The kernel has
// stamped each arrival, so that times stay what they were; where several events of one answer gather, Outcome.Blur says so.
const (
	// brieflyLong is how long a loop lets packets gather whatever comes.
	brieflyLong = 500 * time.Microsecond
	// longest is how long it does where no end makes room for a request, and the events of an answer are so far apart that no two of
	// them gather: 1/ofGap of their distance.
	longest = 4 * time.Millisecond
	ofGap   = 2
	// shortest is the least that is worth a sleep.
	shortest = 50 * time.Microsecond
	// so many packets must come in that time, and in a longer one.
	several, two = 4, 2
	// Behind a sleep that was too long, because the thread did not get its CPU, packets wake it so many times.
	awake = 32
	// An answer of a bounded load makes room for the next request: its end may lie for 1/ofAnswer of what an answer takes.
	ofAnswer = 256
	// period is how long packets are counted to know how fast they come.
	period = 4 * time.Millisecond
)

// crowd is how fast packets come to a loop.
type crowd struct {
	began  time.Duration // of the period
	count  float64       // of the packets in it
	rate   float64       // packets a nanosecond, on a sliding average
	answer time.Duration // how long answers take, on a sliding average
	each   float64       // events that a packet brings, on a sliding average
	gap    time.Duration // from one event of an answer to the next, the shortest of late
	blind  bool          // the kernel did not stamp what was read last
	awake  int           // how many waits are no sleeps
}

// saw ends a wait.
func (c *crowd) saw(now time.Duration) {
	if took := now - c.began; took >= period {
		c.rate += (c.count/float64(took) - c.rate) / 4
		c.began, c.count = now, 0
	}
}

// packets counts those that brought so many events: one, if it woke the loop, else about as many as would have done so.
func (c *crowd) packets(events int, gathered bool) {
	n := 1.0
	switch {
	case events == 0:
	case !gathered:
		if c.each == 0 {
			c.each = float64(events)
		}
		c.each += (float64(events) - c.each) / 16
	case c.each > 0:
		n = max(1, float64(events)/c.each)
	}
	c.count += n
}

// apart notes how far from each other two events of an answer came.
func (c *crowd) apart(gap time.Duration) {
	if gap < c.gap {
		c.gap = gap
	}
	c.gap += (gap - c.gap) / 512
}

// slept notes how much longer a sleep was than wanted. What gathers in a thread that does not get its CPU cannot be told apart.
func (c *crowd) slept(late time.Duration) {
	if late > tolerated {
		c.awake = awake
	}
}

// ended notes how long an answer took.
func (c *crowd) ended(took time.Duration) {
	if c.answer == 0 {
		c.answer = took
	}
	c.answer += (took - c.answer) / 16
}

// pause is how long packets are left to gather; 0: not at all.
func (c *crowd) pause(bounded bool) time.Duration {
	d := max(brieflyLong, min(longest, c.gap/ofGap))
	if bounded {
		d = min(brieflyLong, c.answer/ofAnswer)
	}
	least := several
	if d > brieflyLong {
		least = two
	}
	if d < shortest || c.rate*float64(d) < float64(least) || c.blind {
		return 0
	}
	if c.awake > 0 {
		c.awake--
		return 0
	}
	return d
}
