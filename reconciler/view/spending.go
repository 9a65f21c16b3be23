package view

import (
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
)

// SpendingCell is what an experiment's budgets are used for: spent+reserved/budget of each.
func SpendingCell(e v1alpha1.ExperimentStatus) string {
	var out []string
	for _, s := range e.Spending {
		for _, h := range []struct {
			unit                  string
			most, spent, reserved float64
		}{{"node-h", s.Budget.NodeHours, s.Spent.NodeHours, s.Reserved.NodeHours}, {"GPU-h", s.Budget.GPUHours, s.Spent.GPUHours, s.Reserved.GPUHours}} {
			if h.most > 0 {
				out = append(out, fmt.Sprintf("%g+%g/%g %s", h.spent, h.reserved, h.most, h.unit))
			}
		}
		if !s.Budget.Until.IsZero() {
			out = append(out, "until "+s.Budget.Until.Local().Format(time.DateTime))
		}
	}
	return strings.Join(out, ", ")
}

// spending prints each budget of an experiment.
func (d describer) spending(e v1alpha1.ExperimentStatus) {
	for _, s := range e.Spending {
		of := ""
		if s.Of != "" {
			of = " of " + s.Of
		}
		if s.Budget.NodeHours > 0 {
			d.field("Budget", "%g node-hours%s: %g spent, %g reserved until walltimes, %g left", s.Budget.NodeHours, of, s.Spent.NodeHours, s.Reserved.NodeHours,
				left(s.Budget.NodeHours, s.Spent.NodeHours, s.Reserved.NodeHours))
		}
		if s.Budget.GPUHours > 0 {
			d.field("Budget", "%g GPU-hours%s: %g spent, %g reserved until walltimes, %g left", s.Budget.GPUHours, of, s.Spent.GPUHours, s.Reserved.GPUHours,
				left(s.Budget.GPUHours, s.Spent.GPUHours, s.Reserved.GPUHours))
		}
		if !s.Budget.Until.IsZero() {
			d.field("Budget", "nothing is submitted%s from %s on", of, s.Budget.Until.Local().Format(time.DateTime))
		}
	}
}

// left is what a budget has left, to a tenth.
func left(most, spent, reserved float64) float64 {
	return float64(int64(max(most-spent-reserved, 0)*10+0.5)) / 10
}
