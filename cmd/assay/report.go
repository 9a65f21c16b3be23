package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/reconciler/report"
	"assay/reconciler/store"
)

func reportCmd(a *app) *cobra.Command {
	var format, out string
	c := &cobra.Command{
		Use:   "report EXPERIMENT",
		Short: "Write an experiment's results as one page that opens anywhere, or as Markdown, JSON or CSV",
		Long: `report writes everything that is known of an experiment's results: means over repeats, gates, figures, what is not counted
and why, where it all comes from. The page is one file without scripts that opens offline and prints.

-o json is what compare and gates take as file:PATH; -o csv has one row a run.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			if err := oneOf(format, "html", "md", "json", "csv"); err != nil {
				return err
			}
			st, site, err := a.current()
			if err != nil {
				return err
			}
			r, err := a.report(c.Context(), st, site, pos[0])
			if err != nil {
				return err
			}
			text, err := rendered(r, format)
			if err != nil {
				return fmt.Errorf("writing the report of %s: %w", pos[0], err)
			}
			if out == "" && format == "html" && isTerminal(a.out) {
				out = pos[0] + "-report.html"
			}
			if out == "" || out == "-" {
				_, err = a.out.Write(text)
				return err
			}
			if err := replaceFile(out, text); err != nil {
				return err
			}
			a.say("The report is in %s", out)
			return nil
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "html", "html, md, json or csv")
	c.Flags().StringVar(&out, "out", "", "file to write (default: standard output, or for HTML on a terminal EXPERIMENT-report.html)")
	return c
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

func (a *app) report(ctx context.Context, st *store.Store, site v1alpha1.Site, experiment string) (report.Report, error) {
	m, err := measurementsOf(st, experiment)
	if err != nil {
		return report.Report{}, fmt.Errorf("reading the results of %s: %w", experiment, err)
	}
	in := report.Input{Experiment: experiment, Generated: time.Now(), Site: site.Metadata.Name, Measured: m.measured()}
	if len(in.Measured) == 0 {
		return report.Report{}, fmt.Errorf("%s has no result; what there is: assay get runs", experiment)
	}
	for _, rev := range m.history {
		in.Revisions = append(in.Revisions, report.Revision{Generation: rev.Generation, Hash: rev.Hash, Source: rev.Origin.Source, Commit: rev.Origin.Commit, At: rev.Origin.Time})
		in.Labels = rev.Spec.Metadata.Labels
	}
	if _, ok, err := st.Head(experiment); err == nil && ok {
		if in.Gates, err = a.verdicts(ctx, st, site, experiment); err != nil {
			return report.Report{}, err
		}
	}
	return report.Build(in), nil
}

// replaceFile writes a file that only the user can read, whole or not at all.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // gone already after the rename
	_, err = f.Write(text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
