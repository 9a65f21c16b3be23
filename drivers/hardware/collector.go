package hardware

import (
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeDeadline bounds each source, and so the scrape: they run side by side.
const scrapeDeadline = 3 * time.Second

// errNotHere is what a source returns for hardware that the node does not have: nothing is said about it.
var errNotHere = errors.New("not on this node")

// source is one kind of hardware. read fills the sink, or says why it cannot.
type source struct {
	name string
	read func(*sink) error

	mu   sync.Mutex
	busy bool // a read that outlived its deadline has not returned: another one would stall, too
}

type result struct {
	metrics []prometheus.Metric
	err     error
	took    time.Duration
}

type collector struct {
	deadline time.Duration
	sources  []*source
}

// Describe is empty: which metrics there are depends on the node.
func (*collector) Describe(chan<- *prometheus.Desc) {}

func (c *collector) Collect(ch chan<- prometheus.Metric) {
	var all sync.WaitGroup
	for _, s := range c.sources {
		all.Go(func() {
			for _, m := range s.report(c.deadline) {
				ch <- m
			}
		})
	}
	all.Wait()
}

// report is what the source read, and how it went.
func (s *source) report(deadline time.Duration) []prometheus.Metric {
	r := s.within(deadline)
	if errors.Is(r.err, errNotHere) {
		return nil
	}
	out, up := &sink{metrics: r.metrics}, 1.0
	if r.err != nil {
		up = 0
		out.gauge("assay_collector_down_info", "Why a collector has no answer.", 1, "collector", s.name, "reason", r.err.Error())
	}
	out.gauge("assay_collector_up", "Whether a collector of this node answered.", up, "collector", s.name)
	out.gauge("assay_collector_duration_seconds", "How long a collector took.", r.took.Seconds(), "collector", s.name)
	return out.metrics
}

// within reads the source, and gives up waiting at the deadline. The read then goes on, and its result is dropped.
func (s *source) within(deadline time.Duration) result {
	s.mu.Lock()
	if s.busy {
		s.mu.Unlock()
		return result{err: errors.New("an earlier read has not returned yet")}
	}
	s.busy = true
	s.mu.Unlock()
	began, done := time.Now(), make(chan result, 1)
	go func() {
		out := &sink{}
		err := s.read(out)
		s.mu.Lock()
		s.busy = false
		s.mu.Unlock()
		done <- result{out.metrics, err, time.Since(began)}
	}()
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	select {
	case r := <-done:
		return r
	case <-timer.C:
		return result{err: errors.New("no answer within " + deadline.String()), took: time.Since(began)}
	}
}

// sink gathers constant metrics.
type sink struct{ metrics []prometheus.Metric }

func (s *sink) emit(kind prometheus.ValueType, name, help string, v float64, labels ...string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		// Labels come from other programs' output; Prometheus takes only UTF-8.
		names, values = append(names, labels[i]), append(values, strings.ToValidUTF8(labels[i+1], "?"))
	}
	s.metrics = append(s.metrics, prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, names, nil), kind, v, values...))
}

func (s *sink) counter(name, help string, v float64, labels ...string) {
	s.emit(prometheus.CounterValue, name, help, v, labels...)
}

func (s *sink) gauge(name, help string, v float64, labels ...string) {
	s.emit(prometheus.GaugeValue, name, help, v, labels...)
}
