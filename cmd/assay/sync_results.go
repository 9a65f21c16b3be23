package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/branch"
	"assay/reconciler/results/resultset"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// publisher commits results of a followed repository to a branch of it; nil: none is asked for.
type publisher struct {
	a      *app
	git    source.Git
	branch string

	done string      // what was published last
	busy atomic.Bool // one at a time, beside the loop
}

func (a *app) newPublisher(g source.Git, branch string) *publisher {
	if branch == "" {
		return nil
	}
	return &publisher{a: a, git: g, branch: branch}
}

// publish writes everything of these experiments that is measured and not on the branch yet.
func (p *publisher) publish(ctx context.Context, st *store.Store, site v1alpha1.Site, revs []store.Revision) error {
	if p == nil || len(revs) == 0 {
		return nil
	}
	var names []string
	for _, r := range revs {
		names = append(names, r.Experiment)
	}
	average, closed := p.a.prometheusOf(st, site)
	defer closed()
	from := branch.Results{Reader: resultsOf(st), Site: site.Metadata.Name, PromQL: resultset.PromQL(ctx, average)}
	message := fmt.Sprintf("Results of %s up to commit %.10s\n\n%s\n", p.git.Ref, revs[0].Origin.Commit, revs[0].Origin.Subject)
	commit, err := p.git.Publish(ctx, p.branch, message, func(b source.Branch) (map[string][]byte, error) {
		return from.Files(names, branch.Held(b))
	})
	if err == nil && commit != "" {
		p.a.note("Results are in commit %.10s of branch %s", commit, p.branch)
	}
	return err
}

// settled publishes once everything has settled at these revisions, beside the loop. What failed is tried again after the next
// change only: what is said once needs no repetition.
func (p *publisher) settled(ctx context.Context, st *store.Store, site v1alpha1.Site, revs []store.Revision, all []v1alpha1.ExperimentStatus) {
	if p == nil || len(all) < len(revs) {
		return
	}
	state := ""
	for _, e := range all {
		if !view.Settled(e) {
			return
		}
		state += fmt.Sprint(e.Name, e.Generation, v1alpha1.Find(e.Conditions, v1alpha1.Complete).LastTransitionTime, " ")
	}
	if state == p.done || !p.busy.CompareAndSwap(false, true) {
		return
	}
	p.done = state
	go func() {
		defer p.busy.Store(false)
		if err := p.publish(ctx, st, site, revs); err != nil && ctx.Err() == nil {
			p.a.note("sync: %v", err)
		}
	}()
}
