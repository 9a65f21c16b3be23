package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/slurm"
	"assay/drivers/source"
	"assay/reconciler"
	"assay/reconciler/accept"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// planOptions are the flags of `assay plan`.
type planOptions struct {
	files  []string
	dryRun bool
	cost   bool
	format string // json, yaml; empty: for people
}

func planCmd(_ *app, run func(context.Context, planOptions) error) *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use:   "plan -f FILE|FOLDER|-",
		Short: "Show what apply would do; exit 0 nothing, 2 changes, 1 error",
		Long: `plan compares the manifest with what runs now and changes nothing.

  +          create            -/+        replace: a new job
  -          destroy           ~ restart  the server restarts inside its allocation
  + run      a benchmark run   ~          changed in place, nothing restarts

Exit codes: 0 nothing to do, 2 changes, 1 error, 4 invalid manifest.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run, func([]string) error {
			if o.format != "" && (o.dryRun || o.cost) {
				return errors.New("--output prints the steps: leave --dry-run and --cost out")
			}
			return oneOf(o.format, "", "json", "yaml")
		}),
	}
	c.Flags().StringSliceVarP(&o.files, "filename", "f", nil, "file, folder, or - for standard input")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "contact no scheduler: print the jobs of the manifest alone, with their batch scripts and commands")
	c.Flags().BoolVar(&o.cost, "cost", false, "print node-hours and GPU-hours, when the jobs would start, and which shorter walltime would start now")
	c.Flags().StringVarP(&o.format, "output", "o", "", "json or yaml: {apiVersion, kind: Plan, summary, steps}")
	return c
}

func (a *app) runPlan(ctx context.Context, o planOptions) error {
	in, err := a.read(ctx, o.files)
	if err != nil {
		return err
	}
	in.Origin.Source = "apply"
	switch {
	case o.dryRun && o.cost:
		return exitError{exitUsage, errors.New("--dry-run contacts no scheduler, and --cost does; give one of them")}
	case o.dryRun:
		return a.printJobs(in)
	case o.cost:
		return a.printCost(ctx, in)
	}
	steps, err := a.preview(ctx, in, o.format)
	if err == nil && len(steps) > 0 {
		return exitError{code: 2}
	}
	return err
}

// preview prints the steps that applying in would take.
func (a *app) preview(ctx context.Context, in source.Input, format string) ([]plan.Step, error) {
	m, st, s, err := a.loadAndOpen(ctx, in)
	if err != nil {
		return nil, err
	}
	return a.showPlan(ctx, a.batch(st, s, in.Origin, false), m, format)
}

// showPlan prints the steps that accepting the experiments of a manifest would lead to.
func (a *app) showPlan(ctx context.Context, b accept.Batch, m v1alpha1.Manifest, format string) ([]plan.Step, error) {
	st, s := b.Store, b.Site
	revs, err := b.Preview(m.Experiments)
	if err != nil {
		return nil, err
	}
	for _, e := range m.Experiments {
		if err := resultsOf(st).Missing(e.Experiment.Spec.Benchmarks); err != nil {
			return nil, fmt.Errorf("experiment %s: %w", e.Experiment.Metadata.Name, err)
		}
	}
	loop, err := a.newLoop(st, s, nil)
	if err != nil {
		return nil, err
	}
	steps, err := loop.Preview(ctx, revs)
	if err != nil {
		return nil, err
	}
	if format != "" {
		return steps, a.print(format, view.NewPlan(steps))
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
	for _, rev := range revs {
		if line := view.Scheduled(rev.Spec, time.Now()); line != "" {
			a.note("%s", line)
		}
	}
	return steps, nil
}

// printJobs prints every job that a manifest stands for. It asks neither the scheduler nor the state directory, so it
// works anywhere.
func (a *app) printJobs(in source.Input) error {
	m, s, revs, err := a.revisions(in)
	if err != nil {
		return err
	}
	all, err := reconciler.Placements(revs, compileService)
	if err != nil {
		return err
	}
	var batch view.BatchCommand
	if s.Spec.Scheduler == v1alpha1.Slurm {
		batch = slurm.Command
	}
	for _, e := range m.Experiments {
		if err := view.Manifest(a.out, s, e.Experiment, all, batch); err != nil {
			return err
		}
	}
	return nil
}

// revisions are what a manifest would be accepted as, without a state directory and without its secrets.
func (a *app) revisions(in source.Input) (m v1alpha1.Manifest, s v1alpha1.Site, revs []store.Revision, err error) {
	if m, s, err = a.load(in); err != nil {
		return m, s, nil, err
	}
	if s, err = a.complete(s); err != nil {
		return m, s, nil, err
	}
	for _, e := range m.Experiments {
		e = source.PlaceholderSecrets(e)
		revs = append(revs, store.Revision{Experiment: e.Metadata.Name, Hash: v1alpha1.Hash(e.Experiment), Site: s, Spec: e.Experiment})
	}
	return m, s, revs, nil
}
