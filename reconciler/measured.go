package reconciler

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"assay/reconciler/plan"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

// mostMeasured bounds the runs whose results are among the controller's metrics: those that count for what is declared now,
// and of these the ones that ended last. What was there before is in Prometheus, and everything in the run folders.
const mostMeasured = 200

// measured keeps the results that are shown, as text: they change only when a run ends or another one is wanted.
type measured struct {
	names string
	shown []byte
}

// text are the results of the runs that count now.
func (m *measured) text(st *store.Store, d plan.Desired, past map[string]*plan.Past) ([]byte, error) {
	type named struct {
		plan.EndedRun
		experiment string
	}
	var all []named
	for _, e := range d.Experiments {
		for _, r := range e.Counted(past[e.Name]) {
			all = append(all, named{r, e.Name})
		}
	}
	slices.SortFunc(all, func(a, b named) int {
		return cmp.Or(b.Ended.Compare(a.Ended), strings.Compare(a.experiment, b.experiment), strings.Compare(a.ID, b.ID))
	})
	all = all[:min(len(all), mostMeasured)]
	var names strings.Builder
	ids := map[string][]string{}
	for _, r := range all {
		names.WriteString(r.experiment + "/" + r.ID + " ")
		ids[r.experiment] = append(ids[r.experiment], r.ID)
	}
	if m.shown != nil && m.names == names.String() {
		return m.shown[:len(m.shown):len(m.shown)], nil
	}
	var runs []plan.Run
	for _, e := range d.Experiments {
		of, err := st.RunsByID(e.Name, ids[e.Name])
		if err != nil {
			return nil, err
		}
		runs = append(runs, of...)
	}
	shown, err := resultsText(runs)
	if err != nil {
		return nil, err
	}
	m.names, m.shown = names.String(), append([]byte{}, shown...)
	return m.shown[:len(m.shown):len(m.shown)], nil
}

func resultsText(runs []plan.Run) ([]byte, error) {
	g := newGauges()
	for _, r := range runs {
		runMetrics(g, r)
	}
	describeMetrics(g, runs)
	return g.text()
}

// runMetrics are a run's results, so that they can be plotted by revision and point.
func runMetrics(g gauges, r plan.Run) {
	if r.Result == nil || r.Result.Error != "" {
		return
	}
	revision := r.Revision[:min(8, len(r.Revision))]
	simulated, valid := strconv.FormatBool(r.Simulated || r.Result.Simulated), strconv.FormatBool(r.Result.Valid)
	labels := []string{"experiment", r.Experiment, "benchmark", r.Benchmark, "target", r.Target, "revision", revision, "point", r.PointName(),
		"repeat", strconv.Itoa(r.Repeat), "run", r.ID, "simulated", simulated, "valid", valid}
	for name, v := range r.Result.Metrics {
		g.set("assay_run_metric", "A result of a benchmark run; assay_metric_info has the unit of each.", v, append(labels[:len(labels):len(labels)], "metric", name)...)
	}
	g.set("assay_run_info", "1 for every run that has a result.", 1, append(labels[:len(labels):len(labels)], "commit", r.Commit, "job_id", r.JobID)...)
	g.set("assay_run_duration_seconds", "From the start to the end of the run.", r.Result.Ended.Sub(r.Result.Started).Seconds(), labels...)
}

// describeMetrics says once for each metric of the runs what the catalogue knows of it: the unit, and which way is better.
func describeMetrics(g gauges, runs []plan.Run) {
	seen := map[string]bool{}
	for _, r := range runs {
		if r.Result == nil {
			continue
		}
		for name := range r.Result.Metrics {
			if seen[name] {
				continue
			}
			seen[name] = true
			if m, ok := results.Lookup(name); ok {
				g.set("assay_metric_info", "1 for every metric of benchmark runs: its unit, and which way is better (higher, lower, neither).", 1,
					"metric", name, "unit", m.Unit, "better", m.Better.String())
			}
		}
	}
}
