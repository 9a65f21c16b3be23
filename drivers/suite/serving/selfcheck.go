package serving

import (
	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/selfwatch"
)

// inReading is how late answers may be read, in ms, where a tenth of the mean E2EL is less: the kernel has stamped them.
const inReading = 50.0

// selfCheck judges what the client's own delays did to the result (package selfwatch has the rule), and adds its error bar
// and what it cost to the metrics. Reading late moves no arrival that the kernel has stamped, but hides the stamps of the
// pieces before the last one (blur). Through net/http, where nothing is stamped, an arrival is when the client woke.
func selfCheck(nodes []selfwatch.Report, sum *summary, openLoop bool, m map[string]float64) (faults, notes []drivers.Reason) {
	selfwatch.Metrics(m, "client_", nodes)
	sending, blur, reading := tail(&sum.late), tail(&sum.blur), tail(&sum.behind)
	if !sum.stamped() {
		for _, r := range nodes {
			blur = max(blur, r.Bar())
		}
	}
	own := 0.0
	for _, r := range nodes {
		own += r.Own.Seconds()
	}
	if own > 0 {
		m["client_cpu_s_per_1000_requests"] = 1000 * own / float64(sum.rows.len())
	}
	if sum.completed == 0 {
		return nil, nil
	}
	resolves := selfwatch.Resolves(sum.ttft.Mean())
	effects := []selfwatch.Effect{
		{What: "sending", Bar: sending, Resolves: resolves},
		{What: "telling the arrivals of pieces apart", Bar: blur, Resolves: resolves},
		{What: "reading", Bar: reading, Resolves: max(inReading, selfwatch.OfLatency*sum.e2el.Mean())},
	}
	if !openLoop {
		effects[0].Lost = sum.lost()
	}
	sum.blur.Report(m, "blur")
	if !openLoop {
		m["slots_empty_percent"] = 100 * sum.lost()
	}
	m["client_error_bar_ms"] = sending + blur + selfwatch.Unstamped(nodes)
	m["client_resolves_ms"] = resolves
	return selfwatch.Judge(nodes, effects...)
}

// tail is the 99th percentile, or the mean of values that are too few for one.
func tail(ms *suite.Values) float64 {
	if ms.Len() < v1alpha1.SamplesFor(99) {
		return ms.Mean()
	}
	return ms.Percentile(99)
}

// stamped reports whether the kernel stamped arrivals.
func (s *summary) stamped() bool { return s.behind.Max() > 0 }

// lost is the share of the time in flight in which the slots of a closed loop were empty: between an answer and the next
// request. A run of less than a second is too short to tell.
func (s *summary) lost() float64 {
	if s.duration.Seconds() < 1 {
		return 0
	}
	return s.empty / (s.empty + s.used)
}
