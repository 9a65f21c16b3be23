package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// compared are the metrics that compare shows by itself, where both sides have them.
var compared = []string{
	"request_throughput", "output_throughput", "request_goodput", "ttft_median_ms", "ttft_p99_ms", "tpot_median_ms", "tpot_p99_ms", "itl_median_ms",
	"itl_p99_ms", "e2el_median_ms", "e2el_p99_ms", "correct_rate_percent", "ingest_vectors_per_s", "query_sequential_qps", "recall_at_10",
	"score_bandwidth_gibs", "score_iops_kiops", "score_total", "error_rate_percent",
}

// comparedRow is one metric of one benchmark at one point on both sides.
type comparedRow struct {
	Benchmark string             `json:"benchmark"`
	Point     map[string]string  `json:"point,omitempty"`
	Metric    string             `json:"metric,omitempty"`
	Before    *results.Median    `json:"before,omitempty"`
	Now       *results.Median    `json:"now,omitempty"`
	Delta     *float64           `json:"delta,omitempty"` // a share of before
	P         *float64           `json:"p,omitempty"`
	Different bool               `json:"different"`
	Simulated bool               `json:"simulated"`
	Refused   string             `json:"refused,omitempty"` // why the two cannot be compared
	Invalid   int                `json:"invalid,omitempty"` // runs that are not counted
	Warnings  []string           `json:"warnings,omitempty"`
	c         results.Comparison // as printed
}

func compareCmd(a *app) *cobra.Command {
	var format string
	var metrics []string
	c := &cobra.Command{
		Use:   "compare A B",
		Short: "Compare the results of two experiments, revisions, labels or saved reports",
		Long: `compare puts the runs of A and B beside each other: medians over the repeats with their intervals, the change, and the
p-value of the Mann-Whitney test. "~" is where no difference can be called at p < 0.05; fewer than four repeats on a side
never can. Runs that are not valid are not counted; simulated results are not compared with real ones.

A and B are EXPERIMENT, EXPERIMENT@REVISION (or the beginning of one), label:KEY=VALUE, or file:PATH of report -o json.`,
		Args: args(cobra.ExactArgs(2)),
		RunE: func(_ *cobra.Command, pos []string) error {
			if err := oneOf(format, "", "json", "yaml"); err != nil {
				return err
			}
			st, _, err := a.current()
			if err != nil {
				return err
			}
			before, err := resultsOf(st, pos[0])
			if err != nil {
				return err
			}
			now, err := resultsOf(st, pos[1])
			if err != nil {
				return err
			}
			rows := compare(results.Groups(before), results.Groups(now), metrics)
			if len(rows) == 0 {
				return fmt.Errorf("%s and %s have no benchmark at the same point in common", pos[0], pos[1])
			}
			if format != "" {
				return a.print(format, rows)
			}
			a.comparisonTable(pos[0], pos[1], rows)
			return nil
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "", "json or yaml")
	c.Flags().StringSliceVar(&metrics, "metric", nil, `metrics to show, such as ttft.p99; "all" for every one`)
	return c
}

func compare(before, now []results.Group, metrics []string) (out []comparedRow) {
	for _, b := range now {
		for _, a := range before {
			if a.Name() != b.Name() {
				continue
			}
			row := comparedRow{Benchmark: b.Benchmark, Point: b.Point, Invalid: len(a.Invalid) + len(b.Invalid), Simulated: b.Simulated()}
			if err := gate.Comparable(a, b); err != nil {
				row.Refused = err.Error()
				out = append(out, row)
				continue
			}
			for _, m := range chosen(a, b, metrics) {
				r := row
				r.Metric, r.c = m, results.Compare(a.Values(m), b.Values(m))
				r.Before, r.Now, r.Different, r.Warnings = &r.c.Before, &r.c.Now, r.c.Different, r.c.Warnings
				if !math.IsNaN(r.c.Delta) && !math.IsInf(r.c.Delta, 0) {
					r.Delta = &r.c.Delta
				}
				if !math.IsNaN(r.c.P) {
					r.P = &r.c.P
				}
				out = append(out, r)
			}
		}
	}
	return out
}

// chosen are the metrics to show, of those that both sides have.
func chosen(a, b results.Group, wanted []string) (out []string) {
	there := a.Metrics()
	both := func(m string) bool { return len(a.Values(m)) > 0 && len(b.Values(m)) > 0 && !slices.Contains(out, m) }
	if slices.Contains(wanted, "all") {
		wanted = there
	} else if len(wanted) == 0 {
		wanted = compared
	}
	for _, m := range wanted {
		if name, _ := gate.Resolve(m, there); both(name) {
			out = append(out, name)
		}
	}
	return out
}

func (a *app) comparisonTable(before, now string, rows []comparedRow) {
	var cells [][]string
	notes := map[string]bool{}
	for _, r := range rows {
		name, simulated := r.Benchmark, ""
		if r.Simulated {
			simulated = " (simulated)"
		}
		if r.Refused != "" {
			cells = append(cells, []string{name, dash(pointName(r.Point)), "-", "-", "-", "not compared: " + r.Refused, "-"})
			continue
		}
		delta := "~"
		if r.Different {
			delta = fmt.Sprintf("%+.2f%%", 100*r.c.Delta)
		}
		p := fmt.Sprintf("p=%.3f n=%d", r.c.P, r.c.Before.N)
		if r.c.Before.N != r.c.Now.N {
			p += fmt.Sprintf("+%d", r.c.Now.N)
		}
		for _, w := range r.Warnings {
			notes[w] = true
		}
		if r.Invalid > 0 {
			notes[fmt.Sprintf("%s: %d invalid or failed run(s) are not counted", strings.TrimSpace(name+" "+pointName(r.Point)), r.Invalid)] = true
		}
		cells = append(cells, []string{name + simulated, dash(pointName(r.Point)), r.Metric, medianCell(r.c.Before), medianCell(r.c.Now), delta, p})
	}
	a.table([]string{"BENCHMARK", "POINT", "METRIC", strings.ToUpper(before), strings.ToUpper(now), "DELTA", "TEST"}, cells)
	for _, n := range slices.Sorted(maps.Keys(notes)) {
		a.say("%s", n)
	}
}

// medianCell is a median with half of its interval as a share, as benchstat prints it; ∞ where there are too few values.
func medianCell(m results.Median) string {
	spread := "∞"
	if half := math.Max(m.Hi-m.Center, m.Center-m.Lo); !math.IsInf(half, 0) && m.Center != 0 {
		spread = fmt.Sprintf("%.0f%%", 100*half/math.Abs(m.Center))
	}
	return number(m.Center) + " ± " + spread
}
