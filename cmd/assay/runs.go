package main

import (
	"maps"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/results"
)

// runResult is a run's main metrics in one cell.
func runResult(metrics map[string]float64) string { return dash(results.Brief(metrics)) }

// number prints three significant digits, more only for large integers.
func number(v float64) string { return results.Number(v) }

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
