package socket

import "time"

// Clock reads CLOCK_MONOTONIC together with the wall clock, by which the kernel stamps packets, without a system call.
type Clock struct {
	base time.Time
	zero time.Duration // CLOCK_MONOTONIC at base
}

// NewClock aligns the two clocks. It reads both several times and keeps the closest pair: a pause between the two readings
// would shift every time.
func NewClock() Clock {
	var c Clock
	closest := time.Hour
	for range 20 {
		before := time.Now()
		zero := Monotonic()
		if took := time.Since(before); took < closest {
			closest, c = took, Clock{base: before.Add(took / 2), zero: zero}
		}
	}
	return c
}

// Now returns CLOCK_MONOTONIC, and how far the wall clock (since 1970) is ahead of it. A thread that is interrupted between its readings of
// the two finds it less ahead by the length of that pause, so it reads twice and believes the larger distance.
func (c Clock) Now() (at, ahead time.Duration) {
	_, before := c.read()
	at, ahead = c.read()
	return at, max(before, ahead)
}

func (c Clock) read() (at, ahead time.Duration) {
	t := time.Now()
	at = c.zero + t.Sub(c.base)
	return at, time.Duration(t.UnixNano()) - at
}
