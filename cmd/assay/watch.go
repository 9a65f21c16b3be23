package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers/source"
)

// watchOptions are the flags of `assay watch`.
type watchOptions struct {
	files        []string
	budget       budgetFlag
	prune, adopt bool
	poll         time.Duration
	quiet, hold  time.Duration
}

func watchCmd(_ *app, run func(context.Context, watchOptions) error) *cobra.Command {
	var o watchOptions
	c := &cobra.Command{
		Use:   "watch -f FILE|FOLDER",
		Short: "Apply a manifest, and apply it again whenever it is edited",
		Long: `watch applies the manifest and follows it until interrupted. An edit that is not valid changes nothing: the mistake is
printed with its line, and the last good revision stays. An edit counts once the file has been quiet for a while, and one
that removes a service, a benchmark or an experiment waits longer, because it can be a file that is being written. An
experiment that leaves a followed folder is deleted only with --prune; until then it is OutOfSync.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run, func([]string) error {
			if len(o.files) == 0 {
				return errors.New("no manifest given; type: assay watch -f FILE")
			}
			return nil
		}),
	}
	f := c.Flags()
	f.StringSliceVarP(&o.files, "filename", "f", nil, "file or folder to follow")
	f.BoolVar(&o.prune, "prune", false, "allow removing everything, and delete experiments that leave the folder")
	f.Var(&o.budget, "budget", "what all experiments of the source may use: nodeHours=24,gpuHours=96,until=2026-12-24")
	f.BoolVar(&o.adopt, "adopt", false, "take over experiments that were applied by hand from elsewhere, or that another source brought")
	f.DurationVar(&o.quiet, "quiet", source.Quiet, "how long a file has to stay the same before it is applied")
	f.DurationVar(&o.hold, "hold", source.Hold, "how much longer an edit that removes something waits")
	f.DurationVar(&o.poll, "poll", 2*time.Second, "how often the content is compared: shared file systems deliver no events across nodes")
	return c
}

func (a *app) runWatch(ctx context.Context, o watchOptions) error {
	f := &follower{a: a, verb: "watch", prune: o.prune, adopt: o.adopt, budget: o.budget.value, reported: map[string]bool{}}
	files := source.Files{
		Paths: o.files, Poll: o.poll, Quiet: o.quiet, Hold: o.hold,
		Feed:    a.edits(),
		Removes: func(in source.Input) []string { return f.removes(fromWatch(in)) },
	}
	return a.followSource(ctx, f, func(ctx context.Context, out chan<- delivery) error {
		files.Note = func(s string) { send(ctx, out, delivery{note: s}) }
		return files.Follow(ctx, func(in source.Input, err error) { send(ctx, out, delivery{in: fromWatch(in), err: err}) })
	})
}

func fromWatch(in source.Input) source.Input {
	in.Origin.Source = "watch"
	return in
}
