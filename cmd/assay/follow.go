package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/live"
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
	display := live.New(a.err, a.out)
	defer display.Close()
	resized := text.Resized(ctx, a.err)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	late := time.After(unanswered)
	for {
		all, err := view.StatusesOf(st, revs, request)
		if err != nil {
			return err
		}
		show(display, all, revs)
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
		case <-resized:
			display.Redraw()
		case <-tick.C:
		}
	}
}

func unsettled(e v1alpha1.ExperimentStatus) bool { return !view.Settled(e) }

// show shows experiments: in rows that are redrawn on a terminal, and else line by line.
func show(d *live.Display, all []v1alpha1.ExperimentStatus, revs []store.Revision) {
	for _, e := range all {
		d.Lines(view.Lines(e))
	}
	specs := map[string]v1alpha1.Experiment{}
	for _, r := range revs {
		specs[r.Experiment] = r.Spec
	}
	var rows []live.Row
	for _, e := range all {
		rows = append(rows, view.Rows(e, specs[e.Name], time.Now())...)
	}
	d.Rows(rows)
}
