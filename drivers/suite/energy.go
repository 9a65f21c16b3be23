package suite

import (
	"fmt"
	"time"
)

// longestGap is the time between two samples of a card's power above which the energy between them is not known.
const longestGap = 3 * time.Second

// power is what a card drew at a moment of CLOCK_MONOTONIC.
type power struct {
	at    time.Duration
	watts float64
}

// joules is the energy of a card from one moment to another, by the trapezoids between its samples, which are in the order of
// their times. At the edges of the window the power is interpolated, so there has to be a sample beyond each.
func joules(samples []power, from, to time.Duration) (float64, error) {
	if len(samples) == 0 || samples[0].at > from || samples[len(samples)-1].at < to {
		return 0, fmt.Errorf("its power was not sampled before and after")
	}
	sum := 0.0
	for i := 1; i < len(samples); i++ {
		a, b := samples[i-1], samples[i]
		if b.at <= from || a.at >= to || b.at == a.at {
			continue
		}
		if gap := b.at - a.at; gap > longestGap {
			return 0, fmt.Errorf("its power was not sampled for %s, and at most %s can be bridged", gap.Round(10*time.Millisecond), longestGap)
		}
		between := func(at time.Duration) float64 {
			return a.watts + (b.watts-a.watts)*float64(at-a.at)/float64(b.at-a.at)
		}
		begin, end := max(a.at, from), min(b.at, to)
		sum += (between(begin) + between(end)) / 2 * (end - begin).Seconds()
	}
	return sum, nil
}
