package view

import (
	"fmt"
	"strings"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/view/text"
)

// CostRows are a table of what jobs would use, with the sum as its last row.
func CostRows(costs []plan.Cost) (header []string, rows [][]string) {
	var sum plan.Usage
	for _, c := range costs {
		each := text.Duration(c.Each)
		if c.Measured {
			each += " (as measured)"
		}
		rows = append(rows, []string{c.Experiment, c.Object, fmt.Sprint(c.Jobs), fmt.Sprint(max(c.Job.Nodes, 1)), each, hours(c.Usage.Nodes), hours(c.Usage.GPUs), text.Dash(c.Note)})
		sum = sum.Plus(c.Usage)
	}
	rows = append(rows, []string{"in total", "", "", "", "", hours(sum.Nodes), hours(sum.GPUs), text.Dash("")})
	return []string{"EXPERIMENT", "OBJECT", "JOBS", "NODES", "EACH", "NODE-HOURS", "GPU-HOURS", "NOTE"}, rows
}

func hours(d time.Duration) string { return fmt.Sprintf("%.1f", d.Hours()) }

// StartLine says when a job would start, and which shorter one would start now.
func StartLine(j drivers.JobSpec, in, shorter time.Duration, err error) string {
	what := fmt.Sprintf("%d node(s) for %s", max(j.Nodes, 1), text.Duration(j.Time))
	for _, w := range []struct{ name, value string }{{"partition", j.Partition}, {"qos", j.QOS}} {
		if w.value != "" {
			what += ", " + w.name + " " + w.value
		}
	}
	switch {
	case err != nil:
		return what + ": " + strings.TrimSpace(err.Error())
	case in < time.Minute:
		return what + ": would start now"
	case shorter > 0:
		return fmt.Sprintf("%s: would start in about %s; with at most %s it would start now", what, text.Duration(in.Round(time.Minute)), text.Duration(shorter))
	}
	return fmt.Sprintf("%s: would start in about %s; no shorter one would start now", what, text.Duration(in.Round(time.Minute)))
}
