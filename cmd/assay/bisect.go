package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/spf13/cobra"

	"assay/reconciler/changes"
	"assay/reconciler/results"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// bisectOptions are the arguments and flags of `assay bisect`.
type bisectOptions struct {
	experiment string
	metric     string
	format     string // json, yaml; empty: a table
}

func bisectCmd(_ *app, run func(context.Context, bisectOptions) error) *cobra.Command {
	var o bisectOptions
	c := &cobra.Command{
		Use:   "bisect EXPERIMENT --metric METRIC",
		Short: "Name the revisions, and their commits, with which a metric changed",
		Long: `bisect lays the results of an experiment's revisions side by side, point by point, and tells changes from noise: by the medians
of the revisions, where both sides of a change differ by more than what differs within them (E-divisive means with Student's
t-test, corrected for every place that a change could be at). At least four revisions that measured a point tell anything. A
revision that changed nothing that a benchmark measures has no runs of its own, and cannot be the cause.

Exit codes: 0 nothing became worse, 1 something did, 2 usage.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: verb(&o, run, experimentOf(&o.experiment), func([]string) error {
			if o.metric == "" {
				return errors.New("which metric? Type: assay bisect EXPERIMENT --metric ttft.p99")
			}
			return oneOf(o.format, "", "json", "yaml")
		}),
	}
	c.Flags().StringVar(&o.metric, "metric", "", "such as ttft.p99 or output_throughput")
	c.Flags().StringVarP(&o.format, "output", "o", "", "json or yaml")
	return c
}

func (a *app) runBisect(_ context.Context, o bisectOptions) error {
	st, _, err := a.current()
	if err != nil {
		return err
	}
	revs, err := resultsOf(st).Revisions(o.experiment)
	if err != nil {
		return err
	}
	all := changes.Bisect(revs, o.metric)
	if len(all) == 0 {
		return fmt.Errorf("no revision of %s has a valid result with the metric %s; what there is: assay get runs -e %s", o.experiment, o.metric, o.experiment)
	}
	if o.format != "" {
		err = a.print(o.format, all)
	} else {
		a.showSeries(all)
	}
	for _, s := range all {
		for _, step := range s.Steps {
			if step.Worse && err == nil {
				err = exitError{code: 1}
			}
		}
	}
	return err
}

func (a *app) showSeries(all []changes.Series) {
	var rows [][]string
	for _, s := range all {
		name := s.Benchmark
		if s.Simulated {
			name += " (simulated)"
		}
		for _, step := range s.Steps {
			change := "-"
			if step.Change != nil {
				change = fmt.Sprintf("%+.1f %% p=%.2g", 100*step.By, step.P)
			}
			rows = append(rows, []string{name, text.Dash(view.Point(s.Point)), strconv.FormatInt(step.Generation, 10), text.Dash(view.ShortCommit(step.Commit)), text.Dash(step.Author), text.Dash(step.Subject),
				strconv.Itoa(step.Runs), results.Number(step.Value) + " " + s.Unit, change})
		}
	}
	a.table([]string{"BENCHMARK", "POINT", "REVISION", "COMMIT", "AUTHOR", "SUBJECT", "RUNS", "MEDIAN", "CHANGE"}, rows)
	for _, s := range all {
		a.sumUp(s)
	}
}

// sumUp says in sentences what became of one series.
func (a *app) sumUp(s changes.Series) {
	said := false
	for _, step := range s.Steps {
		if step.Change != nil {
			said = true
			a.sayChange(changes.Last{Benchmark: s.Benchmark, Point: s.Point, Metric: s.Metric, Step: step})
		}
	}
	of := seriesName(s.Metric, s.Benchmark, s.Point)
	switch {
	case s.Note != "":
		fmt.Fprintf(a.out, "%s: %s\n", of, s.Note)
	case !said:
		fmt.Fprintf(a.out, "%s: no change over %d revisions\n", of, len(s.Steps))
	}
}

func seriesName(metric, benchmark string, point map[string]string) string {
	of := metric + " of " + benchmark
	if p := view.Point(point); p != "" {
		of += " at " + p
	}
	return of
}

// sayChange prints a change, with who made it.
func (a *app) sayChange(c changes.Last) {
	verb := "rose"
	if c.By < 0 {
		verb = "fell"
	}
	line := fmt.Sprintf("%s %s by %.1f %% with revision %d", seriesName(c.Metric, c.Benchmark, c.Point), verb, 100*math.Abs(c.By), c.Generation)
	if c.Commit != "" {
		line += fmt.Sprintf(", commit %s (%s: %s)", view.ShortCommit(c.Commit), c.Author, c.Subject)
	}
	if c.Worse {
		line += ": worse"
	}
	fmt.Fprintln(a.out, line)
}
