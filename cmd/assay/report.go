package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/report"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
	"assay/reconciler/view/text"
)

// reportOptions are the arguments and flags of `assay report`.
type reportOptions struct {
	experiment string
	format     string // html, md, json, csv
	out        string // file; "-": standard output; empty: it depends on format and terminal
}

func reportCmd(a *app, run func(context.Context, reportOptions) error) *cobra.Command {
	var o reportOptions
	c := &cobra.Command{
		Use:   "report EXPERIMENT",
		Short: "Write an experiment's results as one page that opens anywhere, or as Markdown, JSON or CSV",
		Long: `report writes everything that is known of an experiment's results: means over repeats, gates, figures, what is not counted
and why, where it all comes from. The page is one file that opens offline, light or dark, and prints; its tables
sort and filter where scripts run. A point is called the best only where statistics tell it apart from the others.

-o json is what compare and gates take as file:PATH; -o csv has one row a run, with these columns, then one for each
parameter of the sweep and one for each metric:

` + report.ColumnsText(),
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			o.experiment = bare(pos[0], "experiments")
			if err := oneOf(o.format, "html", "md", "json", "csv"); err != nil {
				return err
			}
			return run(c.Context(), o)
		},
	}
	c.Flags().StringVarP(&o.format, "output", "o", "html", "html, md, json or csv")
	c.Flags().StringVar(&o.out, "out", "", "file to write (default: standard output, or for HTML on a terminal EXPERIMENT-report.html)")
	return c
}

func (a *app) runReport(ctx context.Context, o reportOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	r, err := a.report(ctx, st, site, o.experiment)
	if err != nil {
		return err
	}
	a.saysDeleted(st, o.experiment)
	page, err := rendered(r, o.format)
	if err != nil {
		return fmt.Errorf("writing the report of %s: %w", o.experiment, err)
	}
	if o.out == "" && o.format == "html" && text.IsTerminal(a.out) {
		o.out = o.experiment + "-report.html"
	}
	if o.out == "" || o.out == "-" {
		_, err = a.out.Write(page)
		return err
	}
	if err := a.save(o.out, page, true); err != nil {
		return err
	}
	a.note("The report is in %s", o.out)
	return nil
}

func rendered(r report.Report, format string) ([]byte, error) {
	switch format {
	case "md":
		return []byte(r.Markdown()), nil
	case "json":
		return r.JSON()
	case "csv":
		return r.CSV()
	}
	return r.HTML()
}

// report collects what is known of an experiment's results.
func (a *app) report(ctx context.Context, st *store.Store, site v1alpha1.Site, experiment string) (report.Report, error) {
	read := resultsOf(st)
	m, err := read.Measurements(experiment)
	if err != nil {
		return report.Report{}, fmt.Errorf("reading the results of %s: %w", experiment, err)
	}
	in := report.Input{Experiment: experiment, Generated: time.Now(), Site: site.Metadata.Name}
	for _, x := range m.Measured() {
		in.Measured = append(in.Measured, report.Measured{Generation: x.Generation, Hash: x.Hash, Rows: x.Rows})
	}
	if len(in.Measured) == 0 {
		return report.Report{}, fmt.Errorf("%s has no result; what there is: assay get runs", experiment)
	}
	for _, rev := range m.History {
		in.Revisions = append(in.Revisions, report.Revision{Generation: rev.Generation, Hash: rev.Hash, Source: rev.Origin.Source, Commit: rev.Origin.Commit,
			Author: rev.Origin.Author, Subject: rev.Origin.Subject, At: rev.Origin.Time})
		in.Labels = rev.Spec.Metadata.Labels
	}
	if _, _, ok, err := st.Newest(experiment); err == nil && ok {
		average, closed := a.prometheusOf(st, site)
		defer closed()
		if in.Gates, err = read.Verdicts(experiment, resultset.PromQL(ctx, average)); err != nil && !errors.Is(err, resultset.ErrNoGate) {
			return report.Report{}, err
		}
		in.Turns, _, _ = read.Turns(experiment) // none, mostly
	}
	return report.Build(in), nil
}
