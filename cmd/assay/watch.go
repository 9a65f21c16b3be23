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
	files []string
	prune bool
	poll  time.Duration
}

func watchCmd(_ *app, run func(context.Context, watchOptions) error) *cobra.Command {
	var o watchOptions
	c := &cobra.Command{
		Use:   "watch -f FILE|FOLDER",
		Short: "Apply a manifest, and apply it again whenever it is edited",
		Long: `watch applies the manifest and follows it until interrupted. An edit that is not valid changes nothing: the mistake is
printed with its line, and the last good revision stays. An experiment that leaves a followed folder is deleted only with --prune.`,
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
	f.DurationVar(&o.poll, "poll", 2*time.Second, "how often the content is compared: shared file systems deliver no events across nodes")
	return c
}

func (a *app) runWatch(ctx context.Context, o watchOptions) error {
	return a.followSource(ctx, "watch", o.prune, func(ctx context.Context, out chan<- delivery) error {
		return source.Watch(ctx, o.files, o.poll, func(in source.Input, err error) {
			in.Origin.Source = "watch"
			send(ctx, out, delivery{in, err})
		})
	})
}
