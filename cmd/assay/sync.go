package main

import (
	"context"
	"errors"
	"fmt"
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
	gate            gateRequest
	results         string // branch that results are committed to
}

func syncCmd(_ *app, run func(context.Context, syncOptions) error) *cobra.Command {
	var o syncOptions
	c := &cobra.Command{
		Use:   "sync --repo URL|DIR [--ref BRANCH] [--path FOLDER]",
		Short: "Follow a git branch: every commit that changes the manifests becomes a revision",
		Long: `sync fetches the branch with git (your credentials and ssh settings hold), applies the manifests under --path, and stamps
every revision and run with the commit. A broken commit changes nothing; the next good one is applied. Experiments that were
applied by hand are left alone, and so is the site: one that the repository declares is not taken. Processes, secrets and
files need the word of the site: trust: {git: [processes, secrets, files]}.

With --results-branch the results of every revision are committed to a branch of the repository when its runs have ended: a
report in Markdown and one in JSON, and INDEX.md with a line for each. Nothing is forced, and a lost race is tried again.

With --once --gate, --ref is a pull request and is measured without being applied: each experiment that it changes runs under a
temporary name, NAME-pr-COMMIT, beside --base. The base's results are those that are there of the same manifest; where there are
none, the base is measured as well, in turn with the pull request. A metric that a gate names, or a headline, may be worse by
--allow. Afterwards everything that it started is deleted, however it ends; results and logs are kept. What a pull request may
hold needs the site's word for pull requests: trust: {pullRequests: [processes]}.

Exit codes with --gate: 0 GO, 1 NO-GO, 2 inconclusive, 4 its manifests are not valid, 130 interrupted.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run, func([]string) error {
			if o.repo == "" {
				return errors.New("no repository given; type: assay sync --repo URL --ref main --path experiments/")
			}
			return o.check()
		}),
	}
	f := c.Flags()
	f.StringVar(&o.repo, "repo", "", "repository: URL or folder")
	f.StringVar(&o.ref, "ref", "main", "branch or tag to follow, or a pull request: pull/7/head, merge-requests/7/head")
	f.StringVar(&o.path, "path", ".", "file or folder in the repository")
	f.DurationVar(&o.every, "every", 30*time.Second, "time between two fetches")
	f.BoolVar(&o.once, "once", false, "apply the branch as it is now, wait, and stop")
	f.Var(&o.budget, "budget", "what all experiments of the source may use: nodeHours=24,gpuHours=96,until=2026-12-24")
	f.BoolVar(&o.adopt, "adopt", false, "take over experiments that were applied by hand, or that another source brought")
	f.BoolVar(&o.prune, "prune", false, "allow removing everything, and delete experiments that leave the branch")
	f.StringVar(&o.results, "results-branch", "", "commit results to this branch of the repository")
	o.gate.flags(f)
	return c
}

// check refuses flags that make no sense together.
func (o syncOptions) check() error {
	switch {
	case o.gate.on && !o.once:
		return errors.New("--gate measures a pull request once; add --once")
	case o.gate.on && (o.prune || o.adopt || o.results != ""):
		return errors.New("--gate changes nothing that is there, and leaves nothing in the repository: leave out --prune, --adopt and --results-branch")
	case o.gate.on && o.ref == o.gate.base:
		return fmt.Errorf("--ref and --base are both %s; --ref is the branch of the pull request, or pull/7/head", o.ref)
	case !o.gate.on && (o.gate.markdown != "" || o.gate.junit != "" || o.gate.again):
		return errors.New("--markdown, --junit and --measure-base are about a pull request; add --once --gate")
	case o.results != "" && o.results == o.ref:
		return fmt.Errorf("--results-branch %s is the branch that is followed; give it another name", o.results)
	}
	return nil
}

func (a *app) runSync(ctx context.Context, o syncOptions) error {
	cache, err := site.CacheDir()
	if err != nil {
		return err
	}
	g := source.Git{Repo: o.repo, Ref: o.ref, Path: o.path, Cache: filepath.Join(cache, "git")}
	if o.gate.on {
		return a.runProposal(ctx, o, g)
	}
	f := &follower{a: a, verb: "sync", prune: o.prune, adopt: o.adopt, budget: o.budget.value, reported: map[string]bool{},
		holds: func(commit string) bool { return g.Holds(ctx, commit) }, results: a.newPublisher(g, o.results)}
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
	if ctx.Err() != nil {
		return errors.Join(bad, err)
	}
	f.a.summarize(f.store, f.revs)
	return errors.Join(bad, err, f.results.publish(ctx, f.store, f.site, f.revs))
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
