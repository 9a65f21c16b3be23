package serving

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/suite"
)

// report adds the server's metrics of the window, which is of the run's clock, to a result: where the time went, how many
// requests ran, how full its cache was. Metrics that the server does not have are left out, and so is what is no number: JSON
// has no form for it. Names are those of vLLM's V0 and V1 engines. What counters cannot tell because they began anew is
// absent, and there is a note: an engine was restarted while it was measured.
func (s scrapes) report(res *drivers.SuiteResult, from, to time.Duration) {
	m := map[string]float64{}
	s.gauges(m, from, to)
	switch {
	case s.before && s.after:
		s.counters(m, res)
	case s.before || s.after:
		suite.Absent(res, "server_", "the server's /metrics could not be read at both ends of the measured window")
	}
	maps.DeleteFunc(m, func(_ string, v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	maps.Copy(res.Metrics, m)
}

func (s scrapes) gauges(m map[string]float64, from, to time.Duration) {
	seconds := s.within(from, to)
	over := func(mean, worst func(second) float64) (average, most float64, any bool) {
		sum, n := 0.0, 0.0
		most = math.Inf(-1)
		for _, r := range seconds {
			if v := mean(r); !math.IsNaN(v) {
				sum, most, n = sum+v, max(most, worst(r)), n+1
			}
		}
		return sum / n, most, n > 0
	}
	for name, i := range map[string]int{"server_running": running, "server_waiting": waiting} {
		sum := func(r second) float64 { return r.sum[i] }
		if average, most, any := over(sum, sum); any {
			m[name+"_mean"], m[name+"_max"] = average, most
		}
	}
	average, most, any := over(func(r second) float64 { return r.mean[cache] }, func(r second) float64 { return r.worst[cache] })
	if any {
		m["server_kv_cache_mean_percent"], m["server_kv_cache_max_percent"] = 100*average, 100*most
	}
}

func (s scrapes) counters(m map[string]float64, res *drivers.SuiteResult) {
	put := func(name string, value float64, of ...string) {
		if i := slices.IndexFunc(of, func(metric string) bool { return s.reset[metric] }); i >= 0 {
			suite.Absent(res, name, of[i]+" began anew while it was measured: an engine of the server was restarted")
			return
		}
		m[name] = value
	}
	for name, metric := range times {
		if n := s.grown[metric+"_count"]; n != 0 {
			put("server_"+name+"_mean_ms", 1000*s.grown[metric+"_sum"]/n, metric+"_count", metric+"_sum")
		}
	}
	for _, pair := range prefixCache {
		if n := s.grown[pair[1]]; n != 0 {
			put("server_prefix_cache_hit_percent", 100*s.grown[pair[0]]/n, pair[0], pair[1])
		}
	}
	if n, has := s.grown[preemptions]; has {
		put("server_preemptions", n, preemptions)
	}
	if len(s.reset) > 0 {
		res.Reasons = append(res.Reasons, suite.NewReason(suite.ReasonServerReset, "counters of the server began anew while it was measured (%s), so an engine of it was "+
			"restarted then: what it counted is left out, and the latencies are partly those of a cold server; read its log and run it again",
			strings.Join(slices.Sorted(maps.Keys(s.reset)), ", ")))
	}
}

// startWatching reads both clocks, and the servers' metrics until stopWatching: the load begins next.
func (r *runner) startWatching(ctx context.Context) {
	r.before, r.watched = suite.ReadAnchor(r.client.clock), r.client.watch(ctx)
}

// stopWatching comes after the last answer on any node.
func (r *runner) stopWatching() {
	if r.watched != nil {
		r.after, r.server.scrapes = suite.ReadAnchor(r.client.clock), r.watched()
	}
}

// window adds when the run measured, from the first dispatch to the last completion, on the wall clock, and what the servers' own metrics say of that time.
func (r *runner) window(res *drivers.SuiteResult, from, to time.Duration) {
	res.Window = suite.Between(r.before, r.after, from, to)
	r.server.scrapes.report(res, from, to)
}
