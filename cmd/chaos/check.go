package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// checker checks what must hold when nothing is broken any more.
type checker struct {
	w *world
	j *journal
	s *watch
}

// quiet waits until all is back after a batch, and checks.
func (c checker) quiet(ctx context.Context, batch int) {
	if !c.converge(ctx, fmt.Sprintf("after batch %d", batch)) {
		if mended := c.w.history.mend(); len(mended) > 0 { // so that the next batches find something else
			c.j.say("mended by us: %v", mended)
			c.converge(ctx, fmt.Sprintf("after batch %d and our mending", batch))
		}
	}
	if ctx.Err() != nil {
		return
	}
	c.orphans(ctx)
	c.jobs()
	c.runs(ctx)
	c.foreign()
}

// converge waits for everything declared.
func (c checker) converge(ctx context.Context, when string) bool {
	begun, why := time.Now(), ""
	for time.Since(begun) < c.j.o.within && ctx.Err() == nil {
		if why = c.lacking(ctx, begun); why == "" {
			c.j.say("all is back %s, in %.1f s", when, time.Since(begun).Seconds())
			return true
		}
		sleep(ctx, time.Second)
	}
	if ctx.Err() == nil {
		c.j.violated("all is back in time", when, "%s: not within %s: %s; the controller says: %s", when, c.j.o.within, why, c.w.controller.said())
	}
	return false
}

// lacking is what is not as declared, or nothing.
func (c checker) lacking(ctx context.Context, since time.Time) string {
	all, err := c.w.experiments(ctx)
	if err != nil {
		return err.Error()
	}
	for _, name := range []string{"web", "bench", "sweep"} {
		e, ok := all[name]
		if !ok {
			return "experiment " + name + " is not listed"
		}
		if !e.Observed.After(since) {
			return "experiment " + name + " has not been observed since"
		}
		for typ, want := range map[string]string{v1alpha1.Ready: v1alpha1.True, v1alpha1.Reconciling: v1alpha1.False, v1alpha1.Complete: v1alpha1.True} {
			if got := v1alpha1.Find(e.Conditions, typ); got.Status != want && (typ != v1alpha1.Complete || len(e.Benchmarks) > 0) && (typ == v1alpha1.Ready || !slices.ContainsFunc(e.Benchmarks, waits)) {
				return fmt.Sprintf("experiment %s: %s is %s: %s %s", name, typ, got.Status, got.Reason, got.Message)
			}
		}
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if !c.s.sampled.After(since) {
		return "no listing since: " + fmt.Sprint(c.s.why)
	}
	for name := range wantedServices {
		if !c.s.healthy[name] {
			return name + ": " + c.s.why[name]
		}
	}
	return ""
}

// waits reports whether a run was lost to something that can last, such as a full disk, and says when it is tried again:
// later than we wait.
func waits(b v1alpha1.BenchmarkStatus) bool {
	return v1alpha1.Find(b.Conditions, v1alpha1.Complete).Reason == string(plan.BackingOff)
}

// orphans gives what belongs to ended attempts 10 s to end. What is left then is told, and killed: it is no fault of the
// next batch.
func (c checker) orphans(ctx context.Context) {
	var left []process
	for begun := time.Now(); time.Since(begun) < 10*time.Second && ctx.Err() == nil; sleep(ctx, time.Second) {
		all, err := c.w.queue()
		if err != nil {
			continue
		}
		live := map[string]bool{}
		for _, q := range all {
			live[q.tag.Nonce] = live[q.tag.Nonce] || q.ours() && (q.live() || q.state == "COMPLETING")
		}
		left = c.w.procs.those(func(p process) bool { return p.nonce != "" && p.role != "" && !live[p.nonce] })
		if len(left) == 0 {
			return
		}
	}
	for _, p := range left {
		c.j.violated("an ended attempt does not live on", p.describe(), "10 s after all was back: %s %s (state %c)", p.role, p.describe(), p.state)
		_ = p.kill(syscall.SIGKILL) // it may end at last
	}
}

// jobs reads Slurm's completion log: no two attempts of a seat overlap.
func (c checker) jobs() {
	log, err := c.w.log()
	if err != nil {
		c.j.violated("Slurm's log can be read", "", "%v", err)
		return
	}
	type span struct {
		ended
		nonce string
	}
	seats := map[string][]span{}
	for _, e := range log {
		if a, ok := e.attempt(c.w.state); ok && !e.start.IsZero() && !e.end.IsZero() {
			seats[a.seat] = append(seats[a.seat], span{e, a.nonce})
		}
	}
	for seat, all := range seats {
		slices.SortStableFunc(all, func(a, b span) int { return a.start.Compare(b.start) })
		for i := 1; i < len(all); i++ {
			a, b := all[i-1], all[i]
			if a.nonce != b.nonce && a.end.Sub(b.start) > time.Second && !c.w.rewound(a.start, a.end) { // Slurm writes whole seconds
				c.j.violated("one live job a seat", seat+a.nonce+b.nonce, "Slurm's log: job %s (%s) of %s ran until %s, job %s (%s) from %s", a.id, a.nonce, seat, a.end.Format(time.TimeOnly), b.id, b.nonce, b.start.Format(time.TimeOnly))
			}
		}
	}
}

// runs: every run that is declared is there once, complete, and valid or says why not; and none was executed twice.
func (c checker) runs(ctx context.Context) {
	const law = "every run exists once, and is valid or says why not"
	all, err := c.w.experiments(ctx)
	if err != nil {
		c.j.violated(law, "listing", "%v", err)
		return
	}
	for name, e := range all {
		keys := map[string][]string{}
		for _, r := range e.Runs {
			if r.Phase == v1alpha1.RunComplete {
				keys[r.Key] = append(keys[r.Key], r.ID)
				if v := v1alpha1.Find(r.Conditions, v1alpha1.Valid); v.Status != v1alpha1.True && (v.Status != v1alpha1.False || v.Reason == "") {
					c.j.violated(law, r.ID, "run %s/%s is complete, and Valid is %s %s", name, r.ID, v.Status, v.Reason)
				}
			}
			if r.Phase == v1alpha1.RunFailed {
				c.j.violated(law, r.ID, "run %s/%s failed: %s %+v", name, r.ID, r.Reason, r.Conditions)
			}
		}
		for key, ids := range keys {
			if len(ids) > 1 {
				c.j.violated(law, key, "runs %v of %s have one key and are all complete", ids, name)
			}
		}
		for _, b := range e.Benchmarks {
			if want := wantedRuns[name+"/"+b.Name]; !waits(b) && (b.Done != want || b.Runs != want) {
				c.j.violated(law, fmt.Sprint(name, b.Name, e.Generation), "benchmark %s/%s: %d of %d runs are done, want %d", name, b.Name, b.Done, b.Runs, want)
			}
		}
	}
	logs, _ := filepath.Glob(filepath.Join(c.w.state, "runs", "*", "*", "suite.log")) // the pattern is well formed
	for _, path := range logs {
		if text, err := os.ReadFile(path); err == nil && strings.Count(string(text), "suite started") > 1 {
			c.j.violated(law, path, "%s was executed more than once", filepath.Dir(path))
		}
	}
}

// deleted: after delete nothing of ours is left, and all of others is.
func (c checker) deleted(ctx context.Context) {
	const law = "delete leaves nothing"
	for _, name := range []string{"web", "bench", "sweep"} {
		if _, err := c.w.assay(ctx, 7*time.Minute, "delete", "experiment", name, "--yes", "--timeout", "6m"); err != nil { // the fence of a run's job is 5 minutes
			c.j.violated(law, name, "%v", err)
		}
	}
	if all, err := c.w.queue(); err == nil {
		for _, q := range all {
			if q.ours() && q.live() {
				c.j.violated(law, q.id, "%s is left", q)
			}
		}
	}
	c.orphans(ctx)
	c.jobs()
	c.foreign()
}
