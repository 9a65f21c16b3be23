package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/drivers"
	"assay/reconciler/gc"
	"assay/reconciler/view/text"
)

// cleanOptions are the arguments and flags of `assay clean`.
type cleanOptions struct {
	experiment string // empty: all
	kinds      gc.Kinds
	yes        bool
	dryRun     bool
}

func cleanCmd(a *app, run func(context.Context, cleanOptions) error) *cobra.Command {
	var o cleanOptions
	c := &cobra.Command{
		Use:   "clean [EXPERIMENT] [--logs] [--data] [--runs] [--images] [--files]",
		Short: "Remove what ended jobs and deleted experiments left behind",
		Long: `clean lists what is left of jobs that ended and of experiments that were deleted, also by earlier processes, and removes
the kinds that you name:

  --logs    directories and records of ended jobs, and temporary files
  --data    data directories below paths.work that no declared service uses
  --runs    results of runs of deleted experiments
  --images  images in the state directory that no job of a declared experiment used
  --files   files that came from a laptop (assay context), when no revision of a declared experiment names them

Of one deleted experiment assay purge EXPERIMENT removes everything that was measured. Without a kind it only lists what there is. It never touches a live job, a declared service's data, a folder that you gave
(only those that carry assay's marker, made for this state directory), or anything behind a link.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, pos []string) error {
			o.experiment = bare(append(pos, "")[0], "experiments")
			return run(c.Context(), o)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.kinds.Logs, "logs", false, "directories and records of ended jobs, temporary files")
	f.BoolVar(&o.kinds.Data, "data", false, "data directories that no declared service uses")
	f.BoolVar(&o.kinds.Runs, "runs", false, "results of deleted experiments")
	f.BoolVar(&o.kinds.Images, "images", false, "images that no declared experiment used")
	f.BoolVar(&o.kinds.Files, "files", false, "files from laptops that no revision names")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.BoolVar(&o.dryRun, "dry-run", false, "only list what would be removed")
	return c
}

func (a *app) runClean(ctx context.Context, o cleanOptions) error {
	st, site, err := a.current()
	if err != nil {
		return err
	}
	live := func(ctx context.Context) ([]drivers.Job, error) { return a.liveJobs(ctx, st, site) }
	c := gc.Collector{Store: st, Jobs: live, Work: site.Spec.Paths.Work, Experiment: o.experiment}
	found, err := c.Find(ctx, o.kinds)
	if err != nil {
		return err
	}
	a.reportUnknown(found.Unknown)
	a.showLeftovers(found.Leftovers)
	switch {
	case len(found.Leftovers) == 0 || o.dryRun && !o.kinds.None():
		return nil
	case o.kinds.None():
		a.note("Nothing was removed. Name what should go: assay clean --logs --data --runs --images --files")
		return nil
	}
	if err := a.confirm(o.yes, fmt.Sprintf("Remove these %d, %s?", len(found.Leftovers), text.Bytes(gc.Size(found.Leftovers))), "nothing was removed", "add --yes, or --dry-run to look only"); err != nil {
		return err
	}
	done, err := c.Remove(ctx, o.kinds, found.Leftovers)
	if err == nil || done.Count > 0 {
		a.showRemoved(done)
	}
	return err
}

// reportUnknown names live jobs that the records do not explain, and how to end them.
func (a *app) reportUnknown(jobs []drivers.Job) {
	for _, j := range jobs {
		a.note("Job %s (%s) is not declared any more, and is %s. End it with: assay delete experiment %s", j.ID, j.Tag.Seat, strings.ToLower(string(j.State)), j.Tag.Seat.Experiment)
	}
}

func (a *app) showLeftovers(found []gc.Leftover) {
	if len(found) == 0 {
		a.note("Nothing to clean.")
		return
	}
	var rows [][]string
	for _, l := range found {
		rows = append(rows, []string{l.Kind, text.Dash(l.Experiment), text.Bytes(l.Size), l.Path})
	}
	a.table([]string{"KIND", "EXPERIMENT", "SIZE", "PATH"}, rows)
}

func (a *app) showRemoved(done gc.Removed) {
	for _, l := range done.Kept {
		a.note("%s is kept: it is in use again, or gone.", l.Path)
	}
	fmt.Fprintf(a.out, "%d removed, %s\n", done.Count, text.Bytes(done.Bytes))
}
