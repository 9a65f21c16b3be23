package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/drivers"
	"assay/reconciler/gc"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// purgeOptions are the arguments and flags of `assay purge`.
type purgeOptions struct {
	names       []string
	yes, dryRun bool
}

func purgeCmd(a *app, run func(context.Context, purgeOptions) error) *cobra.Command {
	var o purgeOptions
	c := &cobra.Command{
		Use:   "purge EXPERIMENT...",
		Short: "Remove everything that a deleted experiment measured",
		Long: `purge removes what stays of an experiment after its deletion: its runs with their samples, the metrics that were scraped of it,
the logs of its jobs, its last status. It is not listed any more then, also not with --deleted. What is there is shown
first, and asked for on a terminal. An experiment that is not deleted, or that may still have a job, is refused.

Data directories of its services stay: assay clean EXPERIMENT --data. Which experiments were deleted: assay get experiments --deleted.`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: verb(&o, run, func(pos []string) error {
			for _, p := range pos {
				var name string
				if err := experimentOf(&name)([]string{p}); err != nil {
					return err
				}
				o.names = append(o.names, name)
			}
			return nil
		}),
	}
	c.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return a.deletedNames(), cobra.ShellCompDirectiveNoFileComp
	}
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "only list what would be removed")
	return c
}

func (a *app) runPurge(ctx context.Context, o purgeOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	live := func(ctx context.Context) ([]drivers.Job, error) { return a.liveJobs(ctx, st, site) }
	for _, name := range o.names {
		c := gc.Collector{Store: st, Jobs: live, Work: site.Spec.Paths.Work, Experiment: name}
		rev, found, err := c.Measured(ctx)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			a.showLeftovers(found)
		}
		if o.dryRun {
			continue
		}
		question := fmt.Sprintf("Remove everything that %s measured (%d files and folders, %s)? It cannot be brought back.", name, len(found), text.Bytes(gc.Size(found)))
		if err := a.confirm(o.yes, question, "nothing was removed", "add --yes, or --dry-run to look only"); err != nil {
			return err
		}
		done, err := c.Purge(ctx, rev, found)
		if err != nil || len(done.Kept) > 0 {
			a.showRemoved(done)
			return err
		}
		fmt.Fprintf(a.out, "experiment/%s purged: %d removed, %s\n", name, done.Count, text.Bytes(done.Bytes))
	}
	return nil
}

// saysDeleted tells that an experiment, which can be written EXPERIMENT@REVISION, is a deleted one.
func (a *app) saysDeleted(st *store.Store, experiment string) {
	experiment, _, _ = strings.Cut(experiment, "@")
	if rev, deleted, ok, err := st.Newest(experiment); err == nil && ok && deleted && !a.deleted[experiment] {
		a.deleted = map[string]bool{experiment: true} // said once, as of EXPERIMENT@1 and EXPERIMENT@2
		a.note("%s", view.DeletedLine(rev))
	}
}
