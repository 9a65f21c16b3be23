package main

import (
	"assay/api/v1alpha1"
	"assay/reconciler/results"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

func runRow(o view.Object) []string {
	return runCells(o.Metadata.Experiment, o.Status.(v1alpha1.RunStatus))
}

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
	return []string{experiment, r.ID, text.Dash(view.Point(r.Point)), r.Phase, word, simulated, view.RunTime(r), text.Dash(results.Brief(r.Metrics))}
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
	a.table(view.RunColumns, rows)
}
