package serving

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrapes are the servers' own metrics of the measured window: what counters grew by, and gauges once a second. What is kept
// of a second is small, so that a run can last for days.
type scrapes struct {
	before, after bool               // both ends could be read
	grown         map[string]float64 // counters, all series of all replicas together
	reset         map[string]bool    // those of which a series began anew
	during        []second
}

// second is what gauges showed at a time of the run's clock: of each the sum, the mean and the largest of its series, which
// are those of all engines of all replicas.
type second struct {
	at               time.Duration
	sum, mean, worst [len(gauges)]float64 // NaN: there was none
}

// Gauges. Requests are added up over engines; of the cache, which is a share of an engine's own, engines are averaged, and
// the fullest one is the maximum.
const (
	running = iota
	waiting
	cache
)

// gauges are their names, of V1 and V0 engines.
var gauges = [...][]string{
	running: {"vllm:num_requests_running"}, waiting: {"vllm:num_requests_waiting"}, cache: {"vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"},
}

// times are histograms of seconds, of which the mean over the window is reported.
var times = map[string]string{
	"queue": "vllm:request_queue_time_seconds", "prefill": "vllm:request_prefill_time_seconds",
	"decode": "vllm:request_decode_time_seconds", "inference": "vllm:request_inference_time_seconds",
	"ttft": "vllm:time_to_first_token_seconds", "e2el": "vllm:e2e_request_latency_seconds",
}

// preemptions and prefixCache are counters; of the latter each pair is hits and queries.
const preemptions = "vllm:num_preemptions_total"

var prefixCache = [][2]string{{"vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total"}, {"vllm:gpu_prefix_cache_hits_total", "vllm:gpu_prefix_cache_queries_total"}}

// lines are the values of one metric by replica and labels.
type lines map[string]float64

// reading is every metric of all replicas that is reported, by name; histograms as name_sum and name_count.
type reading map[string]lines

// watch reads every replica's /metrics now, once a second until stop is called, and then again.
func (c *client) watch(ctx context.Context) (stop func() scrapes) {
	s := scrapes{grown: map[string]float64{}, reset: map[string]bool{}}
	last := c.read(ctx)
	s.before = last != nil
	look := func(ctx context.Context) bool {
		at, r := c.now(), c.read(ctx)
		if r == nil {
			return false
		}
		s.during = append(s.during, r.second(at))
		s.add(last, r)
		last = r
		return true
	}
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				look(ctx)
			}
		}
	})
	return func() scrapes {
		close(quit)
		wg.Wait()
		s.after = look(context.WithoutCancel(ctx))
		return s
	}
}

// maxSeries bounds a reading; vLLM has some ten of each metric that is read, and as many again for each engine.
const maxSeries = 10_000

// read returns nil when the metrics of a replica cannot be read.
func (c *client) read(ctx context.Context) reading {
	out := reading{}
	for _, e := range c.endpoints {
		body, _, err := c.get(ctx, e+"/metrics")
		if err != nil || out.addText(e, body) != nil {
			return nil
		}
	}
	return out
}

// wanted are the names of the metrics that are reported.
var wanted = func() (out []string) {
	for _, g := range gauges {
		out = append(out, g...)
	}
	for _, name := range times {
		out = append(out, name)
	}
	for _, pair := range prefixCache {
		out = append(out, pair[:]...)
	}
	return append(out, preemptions)
}()

// addText adds the metrics of one replica, in Prometheus' text format.
func (r reading) addText(replica string, text []byte) error {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return err
	}
	for _, name := range wanted {
		for _, m := range families[name].GetMetric() {
			id := replica + labelsOf(m)
			switch {
			case m.Counter != nil:
				r.put(name, id, m.GetCounter().GetValue())
			case m.Gauge != nil:
				r.put(name, id, m.GetGauge().GetValue())
			case m.Histogram != nil:
				r.put(name+"_sum", id, m.GetHistogram().GetSampleSum())
				r.put(name+"_count", id, float64(m.GetHistogram().GetSampleCount()))
			}
		}
	}
	return nil
}

func labelsOf(m *dto.Metric) string {
	var b strings.Builder
	for _, l := range m.GetLabel() {
		b.WriteString("\x00" + l.GetName() + "\x00" + l.GetValue())
	}
	return b.String()
}

func (r reading) put(metric, id string, v float64) {
	if r[metric] == nil {
		r[metric] = lines{}
	}
	if len(r[metric]) < maxSeries {
		r[metric][id] = v
	}
}

// second sums the gauges up.
func (r reading) second(at time.Duration) second {
	out := second{at: at}
	for i, g := range gauges {
		out.sum[i], out.mean[i], out.worst[i] = math.NaN(), math.NaN(), math.NaN()
		for _, metric := range g {
			if all := r[metric]; len(all) > 0 {
				sum, worst := 0.0, math.Inf(-1)
				for _, v := range all {
					sum, worst = sum+v, max(worst, v)
				}
				out.sum[i], out.mean[i], out.worst[i] = sum, sum/float64(len(all)), worst
			}
		}
	}
	return out
}

// add takes in by how much every series grew from one reading to the next. One that is new counts from 0, as a counter does
// that gets its labels with its first event. One that became less was reset: what it counted before is lost. Gauges do not count.
func (s *scrapes) add(before, after reading) {
	for metric, all := range after {
		if slices.ContainsFunc(gauges[:], func(names []string) bool { return slices.Contains(names, metric) }) {
			continue
		}
		for id, v := range all {
			if v < before[metric][id] {
				s.reset[metric] = true
			}
			s.grown[metric] += v - before[metric][id]
		}
	}
}

// within keeps the seconds from one time to another.
func (s scrapes) within(from, to time.Duration) []second {
	return slices.DeleteFunc(slices.Clone(s.during), func(r second) bool { return r.at < from || r.at > to })
}
