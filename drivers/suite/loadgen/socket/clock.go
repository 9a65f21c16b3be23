package socket

import "time"

// Clock reads CLOCK_MONOTONIC and the wall clock, by which the kernel stamps packets, at once and cheaply.
type Clock struct {
	base time.Time
	zero time.Duration // CLOCK_MONOTONIC at base
}

// NewClock begins a clock. Of several readings of both clocks the closest pair counts: a pause between the two would put
// every moment off.
func NewClock() Clock {
	var c Clock
	closest := time.Hour
	for range 20 {
		before := time.Now()
		zero := Monotonic()
		if apart := time.Since(before); apart < closest {
			closest, c = apart, Clock{base: before.Add(apart / 2), zero: zero}
		}
	}
	return c
}

// Now gives CLOCK_MONOTONIC and how far the wall clock (since 1970) is ahead of it.
func (c Clock) Now() (at, ahead time.Duration) {
	t := time.Now()
	at = c.zero + t.Sub(c.base)
	return at, time.Duration(t.UnixNano()) - at
}
