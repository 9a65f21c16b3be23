package serving

import (
	"bytes"
	"context"
	"maps"
	"math"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrapes are the servers' own metrics, before, during and after the measured window. Replicas are added up.
type scrapes struct {
	before, after reading
	during        []reading
}

// reading is the sum, over replicas and label sets, of each metric: counters and gauges by name, histograms as name_sum
// and name_count.
type reading map[string]float64

// watch reads every replica's /metrics now, once a second until stop is called, and then again.
func (c *client) watch(ctx context.Context) (stop func() scrapes) {
	s := scrapes{before: c.read(ctx)}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if r := c.read(ctx); r != nil {
					s.during = append(s.during, r)
				}
			}
		}
	})
	return func() scrapes {
		cancel()
		wg.Wait()
		s.after = c.read(context.WithoutCancel(ctx))
		return s
	}
}

// maxMetrics bounds a reading; vLLM has some 100 metrics.
const maxMetrics = 1000

// read returns nil when the metrics of a replica cannot be read.
func (c *client) read(ctx context.Context) reading {
	out := reading{}
	for _, e := range c.endpoints {
		body, _, err := c.get(ctx, e+"/metrics")
		if err != nil {
			return nil
		}
		if out.addText(body) != nil {
			return nil
		}
	}
	return out
}

// addText adds the metrics of one replica, in Prometheus' text format.
func (r reading) addText(text []byte) error {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return err
	}
	for name, f := range families {
		if strings.HasPrefix(name, "vllm:") && len(r) < maxMetrics { // what is kept, once a second, is bounded
			r.add(name, f)
		}
	}
	return nil
}

func (r reading) add(name string, f *dto.MetricFamily) {
	for _, m := range f.GetMetric() {
		switch {
		case m.Counter != nil:
			r[name] += m.GetCounter().GetValue()
		case m.Gauge != nil:
			r[name] += m.GetGauge().GetValue()
		case m.Histogram != nil:
			r[name+"_sum"] += m.GetHistogram().GetSampleSum()
			r[name+"_count"] += float64(m.GetHistogram().GetSampleCount())
		}
	}
}

// report adds the server's metrics of the window: where the time went, how many requests ran, how full its cache was.
// Metrics that the server does not have are left out, and so is what is no number: JSON has no form for it. Names are
// those of vLLM's V0 and V1 engines.
func (s scrapes) report(to map[string]float64, replicas int) {
	if s.before == nil || s.after == nil {
		return
	}
	m := map[string]float64{}
	defer func() {
		maps.DeleteFunc(m, func(_ string, v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
		maps.Copy(to, m)
	}()
	for name, metric := range map[string]string{
		"queue": "vllm:request_queue_time_seconds", "prefill": "vllm:request_prefill_time_seconds",
		"decode": "vllm:request_decode_time_seconds", "inference": "vllm:request_inference_time_seconds",
		"ttft": "vllm:time_to_first_token_seconds", "e2el": "vllm:e2e_request_latency_seconds",
	} {
		if n := s.grown(metric + "_count"); n > 0 {
			m["server_"+name+"_mean_ms"] = 1000 * s.grown(metric+"_sum") / n
		}
	}
	for _, pair := range [][2]string{{"vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total"}, {"vllm:gpu_prefix_cache_hits_total", "vllm:gpu_prefix_cache_queries_total"}} {
		if n := s.grown(pair[1]); n > 0 {
			m["server_prefix_cache_hit_percent"] = 100 * s.grown(pair[0]) / n
		}
	}
	if n := s.grown("vllm:num_preemptions_total"); s.has("vllm:num_preemptions_total") {
		m["server_preemptions"] = n
	}
	for name, metrics := range map[string][]string{
		"server_running": {"vllm:num_requests_running"}, "server_waiting": {"vllm:num_requests_waiting"},
		"server_kv_cache": {"vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"},
	} {
		for _, metric := range metrics {
			s.gauge(m, name, metric, float64(replicas))
		}
	}
}

func (s scrapes) has(metric string) bool { _, ok := s.after[metric]; return ok }

// grown is how much a counter grew; 0 when it was reset.
func (s scrapes) grown(metric string) float64 { return max(0, s.after[metric]-s.before[metric]) }

func (s scrapes) gauge(m map[string]float64, name, metric string, replicas float64) {
	sum, most := 0.0, 0.0
	n := 0.0
	for _, r := range s.during {
		if v, ok := r[metric]; ok {
			sum, most, n = sum+v, max(most, v), n+1
		}
	}
	if n == 0 {
		return
	}
	if name == "server_kv_cache" { // a share
		m[name+"_mean_percent"], m[name+"_max_percent"] = 100*sum/n/replicas, 100*most/replicas
		return
	}
	m[name+"_mean"], m[name+"_max"] = sum/n, most
}
