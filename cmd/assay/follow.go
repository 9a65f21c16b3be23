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

// unanswered is how long a pass can take before the user is told that none is made.
const unanswered = 30 * time.Second

// follow shows experiments until every one has settled at its revision: Ready with every run ended, suspended and
// released, or Stalled. Only what answers the request counts, because an older status says nothing of now. It returns an
// error when one ended badly or the time is over.
func (a *app) follow(ctx context.Context, st *store.Store, revs []store.Revision, request int64, timeout time.Duration) error {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not settled within %s; it goes on if a controller runs (assay controller); look: assay get services", text.Duration(timeout)))
		defer cancel()
	}
	live := text.NewLive(a.err)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	late := time.After(unanswered)
	for {
		all, err := view.StatusesOf(st, revs, request)
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
		case <-late:
			if h, holds, err := st.Holder(); err == nil && holds && len(all) < len(revs) {
				a.note("%s (pid %d on %s) has observed nothing for %s since this command began. If it hangs, stop it there with: kill -9 %d", h.What, h.PID, h.Host, text.Duration(unanswered), h.PID)
			}
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
