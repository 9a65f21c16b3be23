package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
)

// headline are the metrics that a one-line result shows, in this order, where a run has them.
var headline = []struct{ name, label, unit string }{
	{"output_throughput", "", " tok/s"},
	{"ttft_median_ms", "TTFT ", " ms"},
	{"ttft_p99_ms", "p99 ", " ms"},
	{"tpot_median_ms", "TPOT ", " ms"},
	{"correct_rate_percent", "correct ", "%"},
	{"recall_at_10", "recall@10 ", ""},
	{"ingest_vectors_per_s", "ingest ", " vectors/s"},
	{"query_sequential_qps", "", " queries/s"},
	{"score_bandwidth_gibs", "", " GiB/s"},
	{"score_iops_kiops", "", " kIOPS"},
	{"score_total", "score ", ""},
	{"error_rate_percent", "errors ", "%"},
}

// runResult is a run's headline metrics in one cell.
func runResult(metrics map[string]float64) string {
	var out []string
	for _, h := range headline {
		if v, ok := metrics[h.name]; ok && (h.name != "error_rate_percent" || v > 0) {
			out = append(out, h.label+number(v)+h.unit)
		}
	}
	return dash(strings.Join(out, ", "))
}

// number prints three significant digits, more only for large integers.
func number(v float64) string {
	if math.Abs(v) >= 100 || v == math.Trunc(v) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func runRow(o object) []string { return runCells(o.Metadata.Experiment, o.Status.(v1alpha1.RunStatus)) }

func runCells(experiment string, r v1alpha1.RunStatus) []string {
	valid := v1alpha1.Find(r.Conditions, v1alpha1.Valid)
	word := "-"
	switch valid.Status {
	case v1alpha1.True:
		word = "yes"
	case v1alpha1.False:
		word = "no: " + valid.Reason
	}
	simulated := "no"
	if r.Simulated {
		simulated = "yes"
	}
	return []string{experiment, r.ID, dash(pointName(r.Point)), r.Phase, word, simulated, runTime(r), runResult(r.Metrics)}
}

// pointName is a sweep's point in one cell.
func pointName(point map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(point)) {
		out = append(out, k+"="+point[k])
	}
	return strings.Join(out, ",")
}

func runTime(r v1alpha1.RunStatus) string {
	switch {
	case r.Started == nil:
		return "-"
	case r.Ended == nil:
		return short(time.Since(*r.Started))
	}
	return short(r.Ended.Sub(*r.Started))
}

// runTable prints the runs of experiments; superseded and lost ones only when all is set.
func (a *app) runTable(experiments []v1alpha1.ExperimentStatus, all bool) {
	var rows [][]string
	for _, s := range experiments {
		for _, r := range s.Runs {
			if all || r.Phase != v1alpha1.RunSuperseded && r.Phase != v1alpha1.RunLost {
				rows = append(rows, runCells(s.Name, r))
			}
		}
	}
	a.table([]string{"EXPERIMENT", "RUN", "POINT", "PHASE", "VALID", "SIMULATED", "TIME", "RESULT"}, rows)
}
