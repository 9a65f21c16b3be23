package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers/site"
	"assay/drivers/source"
)

// syncOptions are the flags of `assay sync`.
type syncOptions struct {
	repo, ref, path string
	every           time.Duration
	once, prune     bool
}

func syncCmd(_ *app, run func(context.Context, syncOptions) error) *cobra.Command {
	var o syncOptions
	c := &cobra.Command{
		Use:   "sync --repo URL|DIR [--ref BRANCH] [--path FOLDER]",
		Short: "Follow a git branch: every commit that changes the manifests becomes a revision",
		Long: `sync fetches the branch with git (your credentials and ssh settings hold), applies the manifests under --path, and stamps
every revision and run with the commit. A broken commit changes nothing; the next good one is applied.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run, func([]string) error {
			if o.repo == "" {
				return errors.New("no repository given; type: assay sync --repo URL --ref main --path experiments/")
			}
			return nil
		}),
	}
	f := c.Flags()
	f.StringVar(&o.repo, "repo", "", "repository: URL or folder")
	f.StringVar(&o.ref, "ref", "main", "branch or tag to follow")
	f.StringVar(&o.path, "path", ".", "file or folder in the repository")
	f.DurationVar(&o.every, "every", 30*time.Second, "time between two fetches")
	f.BoolVar(&o.once, "once", false, "apply the branch as it is now, wait, and stop")
	f.BoolVar(&o.prune, "prune", false, "allow removing everything, and delete experiments that leave the branch")
	return c
}

func (a *app) runSync(ctx context.Context, o syncOptions) error {
	cache, err := site.CacheDir()
	if err != nil {
		return err
	}
	g := source.Git{Repo: o.repo, Ref: o.ref, Path: o.path, Cache: filepath.Join(cache, "git")}
	if o.once {
		in, err := g.Read(ctx)
		if err != nil {
			return err
		}
		return a.apply(ctx, in, applyOptions{prune: o.prune, wait: true})
	}
	return a.followSource(ctx, "sync", o.prune, func(ctx context.Context, out chan<- delivery) error {
		return g.Follow(ctx, o.every, func(in source.Input, err error) { send(ctx, out, delivery{in, err}) })
	})
}
