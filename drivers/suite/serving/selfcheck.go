package serving

import (
	"slices"
	"time"

	"assay/drivers"
	"assay/drivers/suite"
)

// maxBusy is the share of the client's cores above which the client is the bottleneck.
const maxBusy = 0.9

// How late the client can be with 99 of 100 requests. A few scheduling quanta are always tolerated.
const (
	maxShare  = 0.1 // of the mean TTFT in sending, of the mean E2EL in reading
	minLateMs = 5.0
	maxLateMs = 50.0 // in sending; this much is always tolerated in reading, where the kernel stamps the arrivals
)

// self is what the client knows about itself in the measured window.
type self struct {
	Wall, Own, Foreign, Pauses time.Duration
	GCs                        int64
	Cores                      int
	Busiest                    float64 // of several nodes
	bar                        float64 // ms
}

// selfBetween compares the usage at both ends of the window.
func selfBetween(a, b suite.Usage, cores int) self {
	s := self{Wall: b.At.Sub(a.At), Own: b.Own - a.Own, Pauses: b.Pauses - a.Pauses, GCs: b.GCs - a.GCs, Cores: cores}
	if a.Host > 0 {
		s.Foreign = max(0, b.Host-a.Host-s.Own)
	}
	return s
}

// with adds another node. The busiest node counts: an idle one does not make up for it.
func (s self) with(o self) self {
	return self{Wall: max(s.Wall, o.Wall), Own: s.Own + o.Own, Foreign: s.Foreign + o.Foreign, Pauses: s.Pauses + o.Pauses,
		GCs: s.GCs + o.GCs, Cores: s.Cores + o.Cores, Busiest: max(s.busy(), o.busy())}
}

// busy is the share of its cores that the client used, on the busiest node; 0 in a window shorter than a second.
func (s self) busy() float64 {
	if s.Wall < time.Second {
		return 0
	}
	return max(s.Busiest, float64(s.Own)/float64(s.Wall)/float64(s.Cores))
}

// judge finds the client's own error, in milliseconds: how late it was with 99 of 100 requests, plus its average pause.
// An effect smaller than that bar means nothing. It returns the faults that make the result invalid. Reading late does not
// move the arrivals, which the kernel stamps, but delays what a closed loop sends next.
func (s *self) judge(sum *summary) (faults []drivers.Reason) {
	p99 := func(ms []float64) float64 { return suite.Percentile(slices.Sorted(slices.Values(ms)), 99) }
	sending, reading := p99(sum.late), p99(sum.behind)
	s.bar = sending
	if s.GCs > 0 {
		s.bar += suite.Millis(s.Pauses) / float64(s.GCs)
	}
	if sum.completed == 0 {
		return nil
	}
	late := func(how string, ms, limit float64) {
		if ms > limit {
			faults = append(faults, suite.NewReason(suite.ReasonClientLate, "the client was up to %.1f ms late in %s (p99; at most %.1f ms is tolerated): "+
				"its host is too busy for this load; give it a host of its own (run: {on: job}) or lower the load", ms, how, limit))
		}
	}
	late("sending", sending, min(maxLateMs, max(minLateMs, maxShare*suite.Mean(sum.ttft))))
	late("reading", reading, max(maxLateMs, maxShare*suite.Mean(sum.e2el)))
	if s.busy() > maxBusy {
		faults = append(faults, suite.NewReason(suite.ReasonClientBusy, "the client used %.0f%% of its cores (%d; at most %.0f%% is tolerated): "+
			"the result shows the client's limit, not the server's; raise cores, give it a host of its own (run: {on: job}) or lower the load", 100*s.busy(), s.Cores, 100*maxBusy))
	}
	return faults
}

// report adds what the client cost and what it knows about its own error.
func (s *self) report(m map[string]float64, requests int) {
	if s.Wall <= 0 || s.Own == 0 {
		return
	}
	m["client_cpu_percent"] = 100 * float64(s.Own) / float64(s.Wall)
	m["client_cpu_s_per_1000_requests"] = 1000 * s.Own.Seconds() / float64(requests)
	m["client_foreign_cpu_percent"] = 100 * float64(s.Foreign) / float64(s.Wall)
	m["client_gc_pause_ms"] = suite.Millis(s.Pauses)
	m["client_error_bar_ms"] = s.bar
}
