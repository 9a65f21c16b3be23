package gateway

import (
	"net/http"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meters are the gateway's own metrics. The package's doc lists them.
type meters struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	codes    sync.Map // HTTP status -> its counter, so that a request makes no labels
	again    prometheus.Counter
	waited   prometheus.Counter
	added    prometheus.Histogram
}

func newMeters(p *pool) *meters {
	m := &meters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "assay_gateway_requests_total", Help: "Requests that were answered, by HTTP status."}, []string{"code"}),
		again:    prometheus.NewCounter(prometheus.CounterOpts{Name: "assay_gateway_refused_total", Help: "Connections that a server refused, so that the request went to another one."}),
		waited:   prometheus.NewCounter(prometheus.CounterOpts{Name: "assay_gateway_waited_total", Help: "Requests that had to wait until there was a server."}),
		added: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "assay_gateway_added_seconds", Help: "What the gateway itself took until the first piece of an answer was passed on, of requests that waited for no server.",
			Buckets: []float64{0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1, 1}}),
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.requests, m.again, m.waited, m.added,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "assay_gateway_upstreams", Help: "Servers that are listed."}, func() float64 { return float64(p.serving()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "assay_gateway_in_flight", Help: "Requests under way at listed servers."}, func() float64 { return float64(p.flying()) }))
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

// serving is how many servers are listed.
func (p *pool) serving() (n int) {
	for _, s := range p.now().servers {
		if s.at != nil {
			n++
		}
	}
	return n
}

// flying is how many requests are under way at them.
func (p *pool) flying() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.now().servers {
		n += s.inFlight
	}
	return n
}

func (m *meters) ended(code int) {
	c, ok := m.codes.Load(code)
	if !ok {
		c, _ = m.codes.LoadOrStore(code, m.requests.WithLabelValues(strconv.Itoa(code)))
	}
	c.(prometheus.Counter).Inc()
}
