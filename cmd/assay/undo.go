package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/accept"
	"assay/reconciler/store"
)

// undoOptions are the arguments and flags of `assay undo`.
type undoOptions struct {
	experiment string
	to         int64 // revision; 0: the one before the newest
	prune      bool
}

func undoCmd(_ *app, run func(context.Context, undoOptions) error) *cobra.Command {
	var o undoOptions
	c := &cobra.Command{
		Use:   "undo EXPERIMENT [--to REVISION]",
		Short: "Write a new revision with the content of an older one",
		Long:  "undo stores the content of an older revision (default: the one before the newest) as a new revision and makes it real, as apply does.\nAn experiment that was deleted comes back with its last one.",
		Args:  args(cobra.ExactArgs(1)),
		RunE:  verb(&o, run, experimentOf(&o.experiment)),
	}
	c.Flags().Int64Var(&o.to, "to", 0, "number of the revision")
	c.Flags().BoolVar(&o.prune, "prune", false, "allow a revision that removes everything the experiment runs")
	return c
}

func (a *app) runUndo(ctx context.Context, o undoOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	rev, err := accept.Undo(st, o.experiment, o.to, o.prune, source.Here("undo"))
	if err != nil {
		return err
	}
	return a.realise(ctx, st, site, "undo", []accept.Accepted{rev}, 0)
}

// realise makes revisions real that a verb has stored, and follows until that is done.
func (a *app) realise(ctx context.Context, st *store.Store, site v1alpha1.Site, verb string, accepted []accept.Accepted, timeout time.Duration) error {
	var revs []store.Revision
	for _, r := range accepted {
		fmt.Fprintf(a.out, "experiment/%s %s\n", r.Experiment, r.Outcome)
		revs = append(revs, r.Revision)
	}
	request, err := st.RequestPass()
	if err != nil {
		return err
	}
	return a.withLoopOrController(ctx, st, site, verb, func(ctx context.Context) error {
		return a.follow(ctx, st, revs, request, timeout)
	})
}
