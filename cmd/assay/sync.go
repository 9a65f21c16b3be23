package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/site"
	"assay/drivers/source"
)

// syncOptions are the flags of `assay sync`.
type syncOptions struct {
	repo, ref, path string
	every           time.Duration
	once            bool
	budget          budgetFlag
	prune, adopt    bool
}

func syncCmd(_ *app, run func(context.Context, syncOptions) error) *cobra.Command {
	var o syncOptions
	c := &cobra.Command{
		Use:   "sync --repo URL|DIR [--ref BRANCH] [--path FOLDER]",
		Short: "Follow a git branch: every commit that changes the manifests becomes a revision",
		Long: `sync fetches the branch with git (your credentials and ssh settings hold), applies the manifests under --path, and stamps
every revision and run with the commit. A broken commit changes nothing; the next good one is applied. Experiments that were
applied by hand are left alone, and so is the site: one that the repository declares is not taken. Processes, secrets and
files need the word of the site: trust: {git: [processes, secrets, files]}.`,
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
	f.Var(&o.budget, "budget", "what all experiments of the source may use: nodeHours=24,gpuHours=96,until=2026-12-24")
	f.BoolVar(&o.adopt, "adopt", false, "take over experiments that were applied by hand, or that another source brought")
	f.BoolVar(&o.prune, "prune", false, "allow removing everything, and delete experiments that leave the branch")
	return c
}

func (a *app) runSync(ctx context.Context, o syncOptions) error {
	cache, err := site.CacheDir()
	if err != nil {
		return err
	}
	g := source.Git{Repo: o.repo, Ref: o.ref, Path: o.path, Cache: filepath.Join(cache, "git")}
	f := &follower{a: a, verb: "sync", prune: o.prune, adopt: o.adopt, budget: o.budget.value, reported: map[string]bool{},
		holds: func(commit string) bool { return g.Holds(ctx, commit) }}
	if o.once {
		in, err := g.Read(ctx)
		return f.once(ctx, delivery{in: in, err: err})
	}
	return a.followSource(ctx, f, func(ctx context.Context, out chan<- delivery) error {
		return g.Follow(ctx, o.every, func(in source.Input, err error) { send(ctx, out, delivery{in: in, err: err}) })
	})
}

// once applies one delivery and waits until everything is up and what was pruned is gone.
func (f *follower) once(ctx context.Context, d delivery) error {
	bad := f.take(d)
	switch {
	case f.store == nil:
		return bad
	case !f.good: // one pass, which makes a condition of it
		return errors.Join(bad, f.a.applyOnce(ctx, f.store, f.site))
	}
	request, err := f.store.RequestPass()
	if err != nil {
		return errors.Join(bad, err)
	}
	err = f.a.withLoopOrController(ctx, f.store, f.site, f.verb, func(ctx context.Context) error {
		err := f.a.follow(ctx, f.store, f.revs, request, 0)
		if f.prune {
			return errors.Join(err, f.a.untilForgotten(ctx, f.store, f.gone))
		}
		return errors.Join(err, f.untilOutOfSync(ctx))
	})
	if ctx.Err() == nil {
		f.a.summarize(f.store, f.revs)
	}
	return errors.Join(bad, err)
}

// untilOutOfSync waits a moment for the condition of what left the source, or is left to another owner: without a controller
// it is ours to make.
func (f *follower) untilOutOfSync(ctx context.Context) error {
	const atMost = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	for _, name := range slices.Concat(f.gone, f.refused) {
		for {
			st, ok, err := f.store.Status(name)
			if err != nil || ok && v1alpha1.Find(st.Conditions, v1alpha1.Synced).Status == v1alpha1.False {
				break
			}
			select {
			case <-ctx.Done():
				return nil // the controller that runs makes it later
			case <-time.After(pollEvery):
			}
		}
	}
	return nil
}
