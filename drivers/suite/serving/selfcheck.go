package serving

import (
	"fmt"
	"slices"
	"time"

	"assay/drivers"
	"assay/drivers/suite"
)

// maxBusy is the share of the cores it may use beyond which the client is taken for the bottleneck.
const maxBusy = 0.9

// How far behind the client may be with 99 of 100 requests. A few scheduling quanta are always granted.
const (
	maxShare  = 0.1 // of the mean TTFT in sending, of the mean E2EL in reading
	minLateMs = 5.0
	maxLateMs = 50.0 // in sending; this much is always granted in reading, where the kernel keeps the moments
)

// self is how the client fared in the measured window.
type self struct {
	wall, own, foreign, pauses time.Duration
	gcs                        int64
	cores                      int
	bar                        float64 // ms
}

func selfBetween(a, b suite.Moment, cores int) self {
	s := self{wall: b.At.Sub(a.At), own: b.Own - a.Own, pauses: b.Pauses - a.Pauses, gcs: b.GCs - a.GCs, cores: cores}
	if a.Host > 0 {
		s.foreign = max(0, b.Host-a.Host-s.own)
	}
	return s
}

// busy is the share of its cores that the client used; 0 of a window too short to tell.
func (s self) busy() float64 {
	if s.wall < time.Second {
		return 0
	}
	return float64(s.own) / float64(s.wall) / float64(s.cores)
}

// judge finds the client's own error, in milliseconds, and says when it spoils the result: how late it was with 99 of
// 100 requests, plus its average pause. An effect smaller than that bar is not one. Reading late does not move the
// arrivals, which the kernel stamps, but holds up what a closed loop sends next.
func (s *self) judge(sum *summary) (faults []drivers.Reason) {
	p99 := func(ms []float64) float64 { return suite.Percentile(slices.Sorted(slices.Values(ms)), 99) }
	sending, reading := p99(sum.late), p99(sum.behind)
	s.bar = sending
	if s.gcs > 0 {
		s.bar += suite.Millis(s.pauses) / float64(s.gcs)
	}
	if sum.completed == 0 {
		return nil
	}
	late := func(how string, ms, limit float64) {
		if ms > limit {
			faults = append(faults, drivers.Reason{Reason: "ClientLate", Message: fmt.Sprintf("the client was up to %.1f ms late in %s (p99; at most %.1f ms is tolerated): "+
				"its host is too busy for this load", ms, how, limit)})
		}
	}
	late("sending", sending, min(maxLateMs, max(minLateMs, maxShare*suite.Mean(sum.ttft))))
	late("reading", reading, max(maxLateMs, maxShare*suite.Mean(sum.e2el)))
	if s.busy() > maxBusy {
		faults = append(faults, drivers.Reason{Reason: "ClientBusy", Message: fmt.Sprintf("the client used %.0f%% of its cores (%d; at most %.0f%% is tolerated): "+
			"it measured itself; give it more cores, a host of its own (run: {on: job}) or a lower load", 100*s.busy(), s.cores, 100*maxBusy)})
	}
	return faults
}

// report adds what the client cost and what it knows about its own error.
func (s *self) report(m map[string]float64, requests int) {
	if s.wall <= 0 || s.own == 0 {
		return
	}
	m["client_cpu_percent"] = 100 * float64(s.own) / float64(s.wall)
	m["client_cpu_s_per_1000_requests"] = 1000 * s.own.Seconds() / float64(requests)
	m["client_foreign_cpu_percent"] = 100 * float64(s.foreign) / float64(s.wall)
	m["client_gc_pause_ms"] = suite.Millis(s.pauses)
	m["client_error_bar_ms"] = s.bar
}
