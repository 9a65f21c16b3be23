package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"assay/reconciler/view"
)

func historyCmd(_ *app, run func(context.Context, getOptions) error) *cobra.Command {
	o := getOptions{refs: []view.Reference{{Kind: "revisions"}}}
	c := &cobra.Command{
		Use: "history EXPERIMENT", Short: "List the revisions of an experiment with where they came from",
		Args: args(cobra.ExactArgs(1)), RunE: verb(&o, run, experimentOf(&o.experiment)),
	}
	c.Flags().StringVarP(&o.format, "output", "o", "", "json, yaml, name or tsv")
	return c
}

func (a *app) runHistory(ctx context.Context, o getOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	groups, err := a.objects(ctx, st, site, o)
	if err != nil {
		return err
	}
	if len(groups[0].items) == 0 {
		return fmt.Errorf("no experiment %q; what there is: assay get experiments", o.experiment)
	}
	a.saysDeleted(st, o.experiment)
	return a.showObjects(st, o, groups)
}
