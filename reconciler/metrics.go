package reconciler

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// MetricsFile is the file of the state directory that holds the controller's own metrics, in Prometheus' text format:
// services, jobs, runs with their results, and the controller itself. A file, so that a Prometheus that runs as a service
// on a node reads it too, and so that the last word is left when the controller is gone.
const MetricsFile = "metrics.prom"

const writeMetricsEvery = 5 * time.Second

// gauges collects families of gauges under fixed label names.
type gauges struct {
	reg  *prometheus.Registry
	vecs map[string]*prometheus.GaugeVec
}

func (g gauges) set(name, help string, value float64, labels ...string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	v := g.vecs[name]
	if v == nil {
		v = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, names)
		g.reg.MustRegister(v)
		g.vecs[name] = v
	}
	v.WithLabelValues(values...).Set(value)
}

// metricsText is the exposition of what a pass found, without the results of runs.
func metricsText(all []v1alpha1.ExperimentStatus, past map[string]*plan.Past, now time.Time, pass time.Duration, passes int, known bool) ([]byte, error) {
	g := newGauges()
	for _, s := range all {
		serviceMetrics(g, s, now)
		countRuns(g, s, past[s.Name])
	}
	g.set("assay_controller_pass_seconds", "How long the last pass took.", pass.Seconds())
	g.set("assay_controller_passes_total", "Passes since the controller started.", float64(passes))
	g.set("assay_controller_last_pass_timestamp_seconds", "When the last pass ended, in seconds since 1970.", float64(now.Unix()))
	g.set("assay_scheduler_reachable", "1 when the scheduler answered the last listing.", number(known))
	return g.text()
}

func newGauges() gauges { return gauges{prometheus.NewRegistry(), map[string]*prometheus.GaugeVec{}} }

// text is what was set, in Prometheus' text format.
func (g gauges) text() ([]byte, error) {
	families, err := g.reg.Gather()
	if err != nil {
		return nil, fmt.Errorf("gathering the controller's metrics: %w", err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			return nil, fmt.Errorf("writing the controller's metrics: %w", err)
		}
	}
	return b.Bytes(), nil
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func serviceMetrics(g gauges, s v1alpha1.ExperimentStatus, now time.Time) {
	nodes := map[string]bool{}
	for _, v := range s.Services {
		simulated := strconv.FormatBool(v.Simulated)
		ready := v1alpha1.Find(v.Conditions, v1alpha1.Ready)
		if ready.Status != v1alpha1.Unknown { // Unknown is absent, never zero
			g.set("assay_service_ready", "1 when the service is Ready.", number(ready.Status == v1alpha1.True), "experiment", s.Name, "service", v.Name, "kind", v.Kind, "simulated", simulated)
		}
		g.set("assay_service_restarts_total", "Restarts of the service, in its jobs and by new ones.", float64(v.Restarts), "experiment", s.Name, "service", v.Name)
		for _, t := range v.Seats {
			if t.JobState == "" {
				continue
			}
			g.set("assay_seat_state", "1 for the state of the job that fills a seat.", 1, "experiment", s.Name, "service", v.Name, "seat", t.Seat, "job_id", t.JobID, "state", t.JobState)
			if t.Ends != nil {
				g.set("assay_seat_seconds_left", "Seconds until the job's walltime is over.", t.Ends.Sub(now).Seconds(), "experiment", s.Name, "service", v.Name, "seat", t.Seat, "job_id", t.JobID)
			}
			for _, n := range t.Nodes {
				nodes[n] = true
			}
		}
	}
	g.set("assay_nodes", "Distinct nodes that the experiment's jobs hold.", float64(len(nodes)), "experiment", s.Name)
}

// countRuns counts those that have ended before this pass, and those that its status shows.
func countRuns(g gauges, s v1alpha1.ExperimentStatus, past *plan.Past) {
	phases := maps.Clone(past.Counts())
	if phases == nil {
		phases = map[plan.BenchmarkPhase]int{}
	}
	for _, r := range s.Runs {
		phases[plan.BenchmarkPhase{Benchmark: r.Benchmark, Phase: r.Phase}]++
	}
	for k, n := range phases {
		g.set("assay_runs", "Runs by benchmark and phase.", float64(n), "experiment", s.Name, "benchmark", k.Benchmark, "phase", k.Phase)
	}
}

// writeMetrics replaces the file now and then. What cannot be written is a warning: nothing depends on it.
func (l *Loop) writeMetrics(r plan.Result, d plan.Desired, o plan.Observed, began time.Time) {
	now := l.Clock()
	l.passes++
	if steady := l.steady(); steady.Sub(l.metricsAt) >= writeMetricsEvery || l.passes == 1 {
		l.metricsAt = steady
	} else {
		return
	}
	results, err := l.measured.text(l.Store, d, o.Past)
	if err != nil {
		l.Log.Warn("reading the results of runs for the controller's metrics", "error", err)
	}
	b, err := metricsText(r.Status, o.Past, now, l.Clock().Sub(began), l.passes, o.Listing.Err == "")
	if err == nil {
		path := filepath.Join(l.Store.Dir(), MetricsFile)
		err = durable.Writer{NoSync: true}.Replace(path, append(results, b...), nil) // the next pass writes it again
	}
	if err != nil {
		l.Log.Warn("writing the controller's metrics", "error", err)
	}
}
