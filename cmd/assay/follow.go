package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// pollEvery is how often a waiting command reads the status files.
const pollEvery = 300 * time.Millisecond

// follow shows experiments until every one has settled at its revision: Ready with every run ended, suspended and
// released, or Stalled. It returns an error when one ended badly or the time is over.
func (a *app) follow(ctx context.Context, st *store.Store, revs []store.Revision, timeout time.Duration) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not settled within %s; it goes on if a controller runs (assay controller); look: assay get services", text.Duration(timeout)))
		defer cancel()
	}
	live := text.NewLive(a.err)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		all, err := view.StatusesOf(st, revs)
		if err != nil {
			return err
		}
		live.Show(lines(all))
		if len(all) == len(revs) && !slices.ContainsFunc(all, unsettled) {
			return view.Failures(all)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func unsettled(e v1alpha1.ExperimentStatus) bool { return !view.Settled(e) }

func lines(all []v1alpha1.ExperimentStatus) []text.Line {
	var out []text.Line
	for _, e := range all {
		out = append(out, view.Lines(e)...)
	}
	return out
}
