package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"assay/drivers/source"
)

func syncCmd(a *app) *cobra.Command {
	var g source.Git
	var every time.Duration
	var once, prune bool
	c := &cobra.Command{
		Use:   "sync --repo URL|DIR [--ref BRANCH] [--path FOLDER]",
		Short: "Follow a git branch: every commit that changes the manifests becomes a revision",
		Long: `sync fetches the branch with git (your credentials and ssh settings hold), applies the manifests under --path, and stamps
every revision and run with the commit. A broken commit changes nothing; the next good one is applied.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if g.Repo == "" {
				return exitError{exitUsage, errors.New("no repository given; type: assay sync --repo URL --ref main --path experiments/")}
			}
			cache, err := xdg("XDG_CACHE_HOME", ".cache")
			if err != nil {
				return err
			}
			g.Cache = filepath.Join(cache, "git")
			if once {
				return a.syncOnce(c.Context(), g, prune)
			}
			return a.followSource(c.Context(), "sync", prune, func(ctx context.Context, out chan<- delivery) error {
				return poll(ctx, g, every, out)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&g.Repo, "repo", "", "repository: URL or folder")
	f.StringVar(&g.Ref, "ref", "main", "branch or tag to follow")
	f.StringVar(&g.Path, "path", ".", "file or folder in the repository")
	f.DurationVar(&every, "every", 30*time.Second, "time between two fetches")
	f.BoolVar(&once, "once", false, "apply the branch as it is now, wait, and stop")
	f.BoolVar(&prune, "prune", false, "allow removing everything, and delete experiments that leave the branch")
	return c
}

// syncOnce is apply with the branch as its input.
func (a *app) syncOnce(ctx context.Context, g source.Git, prune bool) error {
	in, err := g.Read(ctx)
	if err != nil {
		return err
	}
	return a.apply(ctx, in, prune, true, 0)
}

// poll delivers the branch now and whenever its commit is another one. The same failure is delivered once.
func poll(ctx context.Context, g source.Git, every time.Duration, out chan<- delivery) error {
	last := ""
	tick := time.NewTicker(max(every, time.Second))
	defer tick.Stop()
	for {
		in, err := g.Read(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if now := fmt.Sprint(in.Origin.Commit, err); now != last {
			last = now
			send(ctx, out, delivery{in, err})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
