package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"assay/drivers/source"
)

func historyCmd(a *app) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use: "history EXPERIMENT", Short: "List the revisions of an experiment with where they came from", Args: args(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, pos []string) error {
			st, _, err := a.current()
			if err != nil {
				return err
			}
			g := getter{a: a, st: st, kind: "revisions", experiment: pos[0], format: format}
			items, err := g.items()
			if err != nil {
				return err
			}
			if len(items) == 0 {
				return fmt.Errorf("no experiment %q; what there is: assay get experiments", pos[0])
			}
			return g.show(items)
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "", "json, yaml or name")
	return c
}

func undoCmd(a *app) *cobra.Command {
	var to int64
	var prune bool
	c := &cobra.Command{
		Use:   "undo EXPERIMENT [--to REVISION]",
		Short: "Write a new revision with the content of an older one",
		Long:  "undo stores the content of an older revision (default: the one before the newest) as a new revision and makes it real, as apply does.",
		Args:  args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			st, site, err := a.current()
			if err != nil {
				return err
			}
			head, ok, err := st.Head(pos[0])
			if err != nil {
				return err
			}
			if !ok || head.Deleting {
				return fmt.Errorf("no experiment %q; what there is: assay get experiments", pos[0])
			}
			if to == 0 {
				to = head.Generation - 1
			}
			old, err := st.Revision(pos[0], to)
			if err != nil {
				return fmt.Errorf("going back to revision %s of %s: %w; the revisions: assay history %s", strconv.FormatInt(to, 10), pos[0], err, pos[0])
			}
			old.Origin = source.Here("undo")
			old.Origin.Path = fmt.Sprintf("revision %d", to)
			old.Deleting, old.Prune, old.Owner = false, prune, head.Owner
			if err := guard(st, old); err != nil {
				return err
			}
			got, outcome, err := st.Accept(old)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "experiment/%s %s\n", pos[0], outcome)
			want := []wanted{{got.Experiment, got.Generation}}
			return a.withLoopOrController(c.Context(), st, site, "undo", func(ctx context.Context) error { return a.follow(ctx, st, want, 0) })
		},
	}
	c.Flags().Int64Var(&to, "to", 0, "number of the revision")
	c.Flags().BoolVar(&prune, "prune", false, "allow a revision that removes everything the experiment runs")
	return c
}
