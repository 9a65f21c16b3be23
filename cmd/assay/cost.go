package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/slurm"
	"assay/drivers/source"
	"assay/reconciler"
	"assay/reconciler/view"
)

// printCost prints what a manifest would use and, where a scheduler can say so, when its jobs would start.
func (a *app) printCost(ctx context.Context, in source.Input) error {
	m, s, revs, err := a.revisions(in)
	if err != nil {
		return err
	}
	measured := map[string]time.Duration{}
	if st, _, err := a.open(s); err != nil {
		a.note("without how long runs took so far: %v", err)
	} else {
		for _, e := range m.Experiments {
			lengths, err := reconciler.Lengths(st, e.Metadata.Name)
			if err != nil {
				a.note("%v", err)
			}
			maps.Copy(measured, lengths)
		}
	}
	costs, err := reconciler.Costs(revs, compileService, measured)
	if err != nil {
		return err
	}
	header, rows := view.CostRows(costs)
	a.table(header, rows)
	if s.Spec.Scheduler != v1alpha1.Slurm {
		return nil
	}
	fmt.Fprintln(a.out)
	for _, x := range reconciler.Starts(ctx, slurm.New(), costs) {
		fmt.Fprintln(a.out, view.StartLine(x.Job, x.In, x.Shorter, x.Err))
	}
	return nil
}
