package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func historyCmd(_ *app, run func(context.Context, getOptions) error) *cobra.Command {
	o := getOptions{kind: "revisions"}
	c := &cobra.Command{
		Use: "history EXPERIMENT", Short: "List the revisions of an experiment with where they came from",
		Args: args(cobra.ExactArgs(1)), RunE: verb(&o, run, first(&o.experiment)),
	}
	c.Flags().StringVarP(&o.format, "output", "o", "", "json, yaml or name")
	return c
}

func (a *app) runHistory(ctx context.Context, o getOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	items, err := a.objects(ctx, st, site, o)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return fmt.Errorf("no experiment %q; what there is: assay get experiments", o.experiment)
	}
	return a.showObjects(st, o, items)
}
