package gateway

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meters are the gateway's own metrics.
type meters struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	again    prometheus.Counter
	waited   prometheus.Counter
	added    prometheus.Histogram
}

func newMeters(p *pool) *meters {
	m := &meters{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "assay_gateway_requests_total", Help: "Requests that were answered, by HTTP status."}, []string{"code"}),
		again:    prometheus.NewCounter(prometheus.CounterOpts{Name: "assay_gateway_refused_total", Help: "Connections that a server refused, so that the request went to another one."}),
		waited:   prometheus.NewCounter(prometheus.CounterOpts{Name: "assay_gateway_waited_total", Help: "Requests that had to wait until there was a server."}),
		added: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "assay_gateway_added_seconds", Help: "From the whole request to its first byte on the way to a server.",
			Buckets: []float64{0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1, 1, 10}}),
	}
	m.registry.MustRegister(m.requests, m.again, m.waited, m.added,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "assay_gateway_upstreams", Help: "Servers that are listed."}, func() float64 { return float64(len(p.all(""))) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "assay_gateway_in_flight", Help: "Requests under way at listed servers."}, func() float64 { return float64(p.flying()) }))
	return m
}

func (p *pool) flying() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.servers {
		n += s.inFlight
	}
	return n
}

func (m *meters) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *meters) ended(code int) { m.requests.WithLabelValues(strconv.Itoa(code)).Inc() }

func (m *meters) sent(since time.Time) { m.added.Observe(time.Since(since).Seconds()) }
