package simulator

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// vLLM's buckets, in seconds and in tokens.
var (
	ttftBuckets  = []float64{.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560}
	itlBuckets   = []float64{.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80}
	e2eBuckets   = []float64{.3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680}
	tokenBuckets = []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000}
)

// metrics are those of a real server, by the same names.
type metrics struct {
	reg                               *prometheus.Registry
	running, waiting                  prometheus.Gauge
	prompt, generated, hits, queries  prometheus.Counter
	success                           *prometheus.CounterVec
	ttft, itl, tpot, e2e              prometheus.Histogram
	queue, inference, prefill, decode prometheus.Histogram
	promptTokens, outputTokens        prometheus.Histogram
}

// newMetrics registers them; used is the share of the cache in use, from 0 to 1.
func newMetrics(model string, used func() float64) *metrics {
	reg := prometheus.NewRegistry()
	label := prometheus.Labels{"model_name": model, "engine": "0"}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "vllm:" + name, Help: help, ConstLabels: label})
		reg.MustRegister(g)
		return g
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "vllm:" + name, Help: help, ConstLabels: label})
		reg.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "vllm:" + name, Help: help, ConstLabels: label, Buckets: buckets})
		reg.MustRegister(h)
		return h
	}
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "vllm:kv_cache_usage_perc",
		Help: "Share of the sequences that can run (simulated).", ConstLabels: label}, used))
	success := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vllm:request_success_total", Help: "Requests that ended well (simulated).", ConstLabels: label}, []string{"finished_reason"})
	reg.MustRegister(success)
	for _, reason := range []string{"stop", "length"} {
		success.WithLabelValues(reason) // from zero, for rates
	}
	return &metrics{
		reg: reg, success: success,
		running: gauge("num_requests_running", "Sequences that run (simulated)."), waiting: gauge("num_requests_waiting", "Requests that wait (simulated)."),
		prompt: counter("prompt_tokens_total", "Prompt tokens (simulated)."), generated: counter("generation_tokens_total", "Tokens generated (simulated)."),
		hits: counter("prefix_cache_hits_total", "Prompt tokens found in the prefix cache (simulated)."), queries: counter("prefix_cache_queries_total", "Prompt tokens looked up (simulated)."),
		ttft:  histogram("time_to_first_token_seconds", "Time to first token (simulated).", ttftBuckets),
		itl:   histogram("inter_token_latency_seconds", "Time between tokens (simulated).", itlBuckets),
		tpot:  histogram("time_per_output_token_seconds", "Time between tokens, older name (simulated).", itlBuckets),
		e2e:   histogram("e2e_request_latency_seconds", "Whole request (simulated).", e2eBuckets),
		queue: histogram("request_queue_time_seconds", "Waiting (simulated).", e2eBuckets), inference: histogram("request_inference_time_seconds", "Running (simulated).", e2eBuckets),
		prefill: histogram("request_prefill_time_seconds", "Prefill (simulated).", e2eBuckets), decode: histogram("request_decode_time_seconds", "Decode (simulated).", e2eBuckets),
		promptTokens: histogram("request_prompt_tokens", "Prompt tokens of a request (simulated).", tokenBuckets),
		outputTokens: histogram("request_generation_tokens", "Output tokens of a request (simulated).", tokenBuckets),
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{})
}

// timing is when a request came, began, gave its first token and ended.
type timing struct{ came, began, first, ended time.Time }

// done records a request that ended well.
func (m *metrics) done(t timing, prompt, output int, finish string) {
	m.success.WithLabelValues(finish).Inc()
	m.promptTokens.Observe(float64(prompt))
	m.outputTokens.Observe(float64(output))
	m.e2e.Observe(t.ended.Sub(t.came).Seconds())
	m.queue.Observe(t.began.Sub(t.came).Seconds())
	m.inference.Observe(t.ended.Sub(t.began).Seconds())
	m.prefill.Observe(t.first.Sub(t.began).Seconds())
	m.decode.Observe(t.ended.Sub(t.first).Seconds())
}
