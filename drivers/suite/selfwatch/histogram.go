package selfwatch

import (
	"maps"
	"math/bits"
	"slices"
	"time"
)

// Histogram counts durations, each within a sixteenth of its length. Histograms of threads and nodes add up without loss:
// what comes of Merge is what one Histogram of all durations would be. The zero value is empty.
type Histogram struct {
	Counts map[int]int64 `json:"counts,omitempty"` // by bucket
	Total  int64         `json:"total"`
	Max    time.Duration `json:"max"`
}

// fine is how many bits of a duration tell its bucket, behind the first.
const fine = 4

// bucket is that of a duration in nanoseconds.
func bucket(d time.Duration) int {
	n := uint64(max(0, d))
	if n < 1<<fine {
		return int(n)
	}
	shift := bits.Len64(n) - 1 - fine
	return (shift+1)<<fine + int(n>>shift) - 1<<fine
}

// upper is the longest duration of a bucket.
func upper(bucket int) time.Duration {
	if bucket < 1<<fine {
		return time.Duration(bucket)
	}
	shift := bucket>>fine - 1
	return time.Duration((uint64(bucket&(1<<fine-1)|1<<fine)+1)<<shift - 1)
}

// Add counts a duration.
func (h *Histogram) Add(d time.Duration) {
	if h.Counts == nil {
		h.Counts = map[int]int64{}
	}
	h.Counts[bucket(d)]++
	h.Total++
	h.Max = max(h.Max, d)
}

// mostTicks bounds how often one stall counts.
const mostTicks = 1 << 16

// Late counts a clock that woke late, and with it each further tick of the clock that passed meanwhile: something that
// arrived then would have waited for the rest of the stall.
func (h *Histogram) Late(late, tick time.Duration) {
	h.Add(late)
	for n := 1; n < mostTicks && late > tick; n++ {
		late -= tick
		h.Add(late)
	}
}

// Merge adds all of o.
func (h *Histogram) Merge(o Histogram) {
	if h.Counts == nil {
		h.Counts = map[int]int64{}
	}
	for b, n := range o.Counts {
		h.Counts[b] += n
	}
	h.Total, h.Max = h.Total+o.Total, max(h.Max, o.Max)
}

// Quantile is the duration that the share q (0..1) does not exceed; 0 when there is none.
func (h Histogram) Quantile(q float64) time.Duration {
	rest := int64(q * float64(h.Total))
	for _, b := range slices.Sorted(maps.Keys(h.Counts)) {
		if rest -= h.Counts[b]; rest < 0 {
			return min(h.Max, upper(b))
		}
	}
	return h.Max
}

// Above is the share (0..1) of durations that exceed d, by whole buckets.
func (h Histogram) Above(d time.Duration) float64 {
	n, limit := int64(0), bucket(d)
	for b, count := range h.Counts {
		if b > limit {
			n += count
		}
	}
	return float64(n) / float64(max(1, h.Total))
}
