package serving

import (
	"runtime"
	"slices"
	"time"

	"assay/drivers/suite"
)

// maxBusy is the share of the CPUs it may use beyond which the client is taken for the bottleneck.
const maxBusy = 0.9

// self is how the client fared in the measured window.
type self struct {
	wall, own, foreign, pauses time.Duration
	gcs                        int64
	cpus                       int
}

func selfBetween(a, b moment) self {
	s := self{wall: b.at.Sub(a.at), own: b.own - a.own, pauses: b.pauses - a.pauses, gcs: b.gcs - a.gcs, cpus: runtime.GOMAXPROCS(0)}
	if a.host > 0 {
		s.foreign = max(0, b.host-a.host-s.own)
	}
	return s
}

// busy is the share of all CPUs that the client used; 0 of a window too short to tell.
func (s self) busy() float64 {
	if s.wall < time.Second { // too short to tell
		return 0
	}
	return float64(s.own) / float64(s.wall) / float64(s.cpus)
}

// report adds the client's cost and what it knows about its own error: the bar is how late it was with 99 of 100
// requests, plus its longest average pause, in milliseconds. An effect that is smaller than the bar is not one.
func (s self) report(m map[string]float64, sum *summary) {
	if s.wall <= 0 || s.own == 0 {
		return
	}
	m["client_cpu_percent"] = 100 * float64(s.own) / float64(s.wall)
	m["client_cpu_s_per_1000_requests"] = 1000 * s.own.Seconds() / float64(len(sum.records))
	m["client_foreign_cpu_percent"] = 100 * float64(s.foreign) / float64(s.wall)
	m["client_gc_pause_ms"] = suite.Millis(s.pauses)
	pause := 0.0
	if s.gcs > 0 {
		pause = suite.Millis(s.pauses) / float64(s.gcs)
	}
	m["client_error_bar_ms"] = suite.Percentile(slices.Sorted(slices.Values(sum.late)), 99) + pause
}
