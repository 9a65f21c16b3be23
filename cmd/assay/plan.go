package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"assay/drivers/source"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

func planCmd(a *app) *cobra.Command {
	var paths []string
	var dryRun bool
	c := &cobra.Command{
		Use:   "plan -f FILE|FOLDER|-",
		Short: "Show what apply would do; exit 0 nothing, 2 changes, 1 error",
		Long: `plan compares the manifest with what runs now and changes nothing.

  +          create            -/+        replace: a new job
  -          destroy           ~ restart  the server restarts inside its allocation
  + run      a benchmark run   ~          changed in place, nothing restarts

Exit codes: 0 nothing to do, 2 changes, 1 error, 4 invalid manifest.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			in, err := a.read(paths)
			if err != nil {
				return err
			}
			in.Origin.Source = "apply"
			if dryRun {
				return a.jobs(in)
			}
			steps, err := a.preview(c.Context(), in)
			if err == nil && len(steps) > 0 {
				return exitError{code: 2}
			}
			return err
		},
	}
	c.Flags().StringSliceVarP(&paths, "filename", "f", nil, "file, folder, or - for standard input")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "ask nobody: print the jobs of the manifest alone, with their batch scripts and commands")
	return c
}

// preview prints the steps that applying in would take.
func (a *app) preview(ctx context.Context, in source.Input) ([]plan.Step, error) {
	m, site, err := a.load(in)
	if err != nil {
		return nil, err
	}
	st, site, err := a.open(site)
	if err != nil {
		return nil, err
	}
	var revs []store.Revision
	for _, e := range m.Experiments {
		if e, err = secretsFrom(e, st.Digest); err != nil {
			return nil, err
		}
		revs = append(revs, store.Revision{Experiment: e.Metadata.Name, Owner: owner(in), Origin: in.Origin, Site: site, Spec: e.Experiment})
	}
	loop, err := a.newLoop(st, site, nil)
	if err != nil {
		return nil, err
	}
	steps, err := loop.Preview(ctx, revs)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		fmt.Fprintf(a.out, "%-9s  %s  %s\n", s.Symbol, s.Object, s.Reason)
		for _, d := range s.Details {
			fmt.Fprintf(a.out, "             %s\n", d)
		}
	}
	if len(steps) > 0 {
		fmt.Fprintln(a.out)
	}
	fmt.Fprintln(a.out, plan.Summary(steps))
	return steps, nil
}
