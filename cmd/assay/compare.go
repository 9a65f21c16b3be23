package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"assay/reconciler/compare"
	"assay/reconciler/results"
	"assay/reconciler/results/resultset"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// compareOptions are the arguments and flags of `assay compare`.
type compareOptions struct {
	before, now string   // references to results; without now, the targets that before's benchmarks measured in turn
	metrics     []string // empty: the main ones
	format      string   // json, yaml; empty: a table
}

func compareCmd(a *app, run func(context.Context, compareOptions) error) *cobra.Command {
	var o compareOptions
	c := &cobra.Command{
		Use:   "compare A [B]",
		Short: "Compare the results of two experiments, revisions, labels or saved reports",
		Long: `compare puts the runs of A and B side by side: medians over the repeats with the intervals of the typical run, the change,
and its p-value. "~" is where no difference can be called: with many rows some p-values are small by chance, so they are
adjusted together, and a comparison of equal things calls any difference in at most 5 % of cases. Where both sides measured
several deployments of the server (repeats: {runs: 5, deployments: 3}), those are what is compared; else what differs between
deployments is not covered, and a note says so. How much would be found: assay explain power. Runs that are not valid are
not counted; simulated results are not compared with real ones.

With A alone, an experiment, it compares the targets that its benchmarks measured in turn (compare: {a: …, b: …}).

A and B are EXPERIMENT (its newest revision), EXPERIMENT@REVISION (a number, or the beginning of a hash or of a commit),
label:KEY=VALUE, or file:PATH of report -o json.`,
		Args: args(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, pos []string) error {
			if o.before = pos[0]; len(pos) > 1 {
				o.now = pos[1]
			}
			if err := oneOf(o.format, "", "json", "yaml"); err != nil {
				return err
			}
			return run(c.Context(), o)
		},
	}
	c.Flags().StringVarP(&o.format, "output", "o", "", "json or yaml")
	c.Flags().StringSliceVar(&o.metrics, "metric", nil, `metrics to show, such as ttft.p99; "all" for every one`)
	return c
}

func (a *app) runCompare(_ context.Context, o compareOptions) error {
	st, _, err := a.current()
	if err != nil {
		return err
	}
	read := resultsOf(st)
	if o.now == "" {
		return a.compareTurns(read, o)
	}
	before, err := a.results(read, o.before)
	if err != nil {
		return err
	}
	now, err := a.results(read, o.now)
	if err != nil {
		return err
	}
	rows := compare.Groups(results.Groups(before), results.Groups(now), o.metrics)
	if len(rows) == 0 {
		return fmt.Errorf("%s and %s have no benchmark at the same point in common", o.before, o.now)
	}
	if o.format != "" {
		return a.print(o.format, rows)
	}
	a.comparisonTable(o.before, o.now, rows)
	return nil
}

// compareTurns compares the targets that benchmarks of an experiment measured in turn.
func (a *app) compareTurns(read resultset.Reader, o compareOptions) error {
	turns, groups, err := read.Turns(o.before)
	if err != nil {
		return err
	}
	var all []compare.Row
	for _, t := range turns {
		rows := t.Compare(groups, o.metrics)
		all = append(all, rows...)
		if o.format == "" && len(rows) > 0 {
			a.comparisonTable(t.A, t.B, rows)
		}
	}
	if len(all) == 0 {
		return fmt.Errorf("%s has no results of two targets at the same point yet; what there is: assay get runs", o.before)
	}
	if o.format != "" {
		return a.print(o.format, all)
	}
	return nil
}

func (a *app) comparisonTable(before, now string, rows []compare.Row) {
	var cells [][]string
	notes, doubtful := map[string]bool{}, 0
	for _, r := range rows {
		name, point := r.Benchmark, view.Point(r.Point)
		if r.Simulated {
			name += " (simulated)"
		}
		if r.Invalid > 0 {
			notes[fmt.Sprintf("%s: %d invalid or failed run(s) are not counted", strings.TrimSpace(r.Benchmark+" "+point), r.Invalid)] = true
		}
		if r.Refused != "" {
			cells = append(cells, []string{name, text.Dash(point), "-", "-", "-", "not compared: " + r.Refused, "-"})
			continue
		}
		for _, w := range r.Warnings {
			notes[w] = true
		}
		if r.Doubtful() {
			doubtful++
		}
		cells = append(cells, []string{name, text.Dash(point), r.Metric, compare.Spread(*r.Before), compare.Spread(*r.Now), r.Change(), r.Test()})
	}
	a.table([]string{"BENCHMARK", "POINT", "METRIC", before, now, "DELTA", "TEST"}, cells)
	for _, n := range slices.Sorted(maps.Keys(notes)) {
		a.note("%s", n)
	}
	if doubtful > 0 {
		a.note("%d row(s) with p < 0.05 are not called: among %d some are by chance. More repeats tell, or fewer metrics: --metric", doubtful, len(rows))
	}
}
