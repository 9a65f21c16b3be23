package reconciler

import (
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// bounded is a site without faults whose jobs run for limit, with a service that may fail once.
func bounded(t *testing.T, limit time.Duration) *sim {
	t.Helper()
	w := calm(t)
	w.limit, w.web, w.restarts = limit, false, 1
	w.apply()
	return w
}

// condition is a condition of the service.
func (w *sim) condition(typ string) v1alpha1.Condition {
	if len(w.status) != 1 || len(w.status[0].Services) == 0 {
		return v1alpha1.Condition{}
	}
	return v1alpha1.Find(w.status[0].Services[0].Conditions, typ)
}

func (w *sim) ready() bool { return w.condition(v1alpha1.Ready).Status == v1alpha1.True }

// lastEnd is how the last ended attempt of the service ended.
func (w *sim) lastEnd(t *testing.T) plan.End {
	t.Helper()
	attempts, err := w.store.Attempts()
	if err != nil {
		t.Fatal(err)
	}
	var end plan.End
	for _, a := range attempts {
		if a.Seat.Group == "llm" && a.End != nil && a.End.At.After(end.At) {
			end = *a.End
		}
	}
	return end
}

// runsOf are the recorded runs of a benchmark.
func (w *sim) runsOf(t *testing.T, benchmark string) (out []plan.Run) {
	t.Helper()
	runs, err := w.store.Runs("exp")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if r.Benchmark == benchmark {
			out = append(out, r)
		}
	}
	return out
}

// TestRunsKeepClearOfTheWalltime: a run starts only where it can end before the scheduler's first signal, so that none is
// cut by it.
func TestRunsKeepClearOfTheWalltime(t *testing.T) {
	w := calm(t)
	w.limit, w.web, w.repeats, w.timeout = 2*time.Minute, false, 3, 80*time.Second
	w.apply()
	w.until(t, "all runs", func() bool {
		done := 0
		for _, r := range w.runsOf(t, "bench") {
			if r.Phase == v1alpha1.RunLost || r.Phase == v1alpha1.RunFailed {
				t.Fatalf("a run is %s: %s", r.Phase, r.Message)
			}
			if r.Phase == v1alpha1.RunComplete {
				done++
			}
		}
		return done == w.repeats
	})
	for _, r := range w.runsOf(t, "bench") {
		j, err := w.cluster.Ended(t.Context(), drivers.JobID(r.JobID), r.Nonce)
		if err == nil && j.Started.Add(2*time.Minute-30*time.Second).Sub(r.Created) < w.timeout {
			t.Errorf("run %s began %s into job %s", r.ID, r.Created.Sub(j.Started), j.ID)
		}
	}
}

// TestWalltimeIsNoFailure: a service whose jobs reach their walltime again and again comes back each time, however few
// restarts it is granted.
func TestWalltimeIsNoFailure(t *testing.T) {
	w := bounded(t, 2*time.Minute)
	var ready, passes int
	for w.cluster.Submissions(llmSeat) < 8 {
		w.pass()
		if err := w.check(); err != nil {
			t.Fatal(err)
		}
		if c := w.condition(v1alpha1.Stalled); c.Status == v1alpha1.True {
			t.Fatalf("it is Stalled: %s %s", c.Reason, c.Message)
		}
		if passes++; passes > 1000 {
			t.Fatalf("no further jobs: %s", w.complaints())
		}
		if w.ready() {
			ready++
		}
		w.cluster.Advance(w.step)
	}
	if end := w.lastEnd(t); end.Reason != plan.TimeLimit || end.Failure {
		t.Errorf("the last job ended as %+v", end)
	}
	runs := w.runsOf(t, "bench")
	if len(runs) != w.repeats || runs[0].Phase != v1alpha1.RunFailed || runs[0].Reason != plan.RunTooLong {
		t.Errorf("runs of 5 minutes that wait for jobs of 2: %+v", runs)
	}
	if ready*2 < passes {
		t.Errorf("it was Ready in only %d of %d passes", ready, passes)
	}
}

// TestAdministrators: what they do to a job is said as it is, and a seat comes back by itself wherever it can.
func TestAdministrators(t *testing.T) {
	type step struct {
		what string
		do   func(*sim, drivers.JobID)
		want func(*sim) bool
	}
	stalled := func(w *sim) bool { return w.condition(v1alpha1.Stalled).Status == v1alpha1.True }
	says := func(typ, status string, r plan.Reason) func(*sim) bool {
		return func(w *sim) bool {
			c := w.condition(typ)
			return c.Status == status && c.Reason == string(r)
		}
	}
	ready := func(w *sim) bool { return w.ready() && !stalled(w) }
	for name, c := range map[string]struct {
		steps []step
		end   plan.Reason // of the first job; empty: it is still the same job
	}{
		"suspend": {steps: []step{
			{"suspended", func(w *sim, id drivers.JobID) { w.cluster.Suspend(id) }, says(v1alpha1.Ready, v1alpha1.False, plan.JobSuspended)},
			{"resumed", func(w *sim, id drivers.JobID) { w.cluster.Resume(id) }, ready},
		}},
		"unknown": {steps: []step{
			{"obscure", func(w *sim, id drivers.JobID) { w.cluster.Obscure(id, true) }, says(v1alpha1.Ready, v1alpha1.Unknown, plan.StateUnknown)},
			{"known", func(w *sim, id drivers.JobID) { w.cluster.Obscure(id, false) }, ready},
		}},
		"extend": {steps: []step{
			{"extended", func(w *sim, id drivers.JobID) { w.cluster.SetLimit(id, 48*time.Hour) }, ready},
		}},
		"requeue": {end: plan.Requeued, steps: []step{
			{"replaced", func(w *sim, id drivers.JobID) { w.cluster.Requeue(id) }, func(w *sim) bool { return ready(w) && w.cluster.Submissions(llmSeat) == 2 }},
		}},
		"shorten": {end: plan.TimeLimit, steps: []step{
			{"replaced", func(w *sim, id drivers.JobID) { w.cluster.SetLimit(id, time.Minute) }, func(w *sim) bool { return ready(w) && w.cluster.Submissions(llmSeat) == 2 }},
		}},
		"preempt": {end: plan.Preempted, steps: []step{
			{"replaced", func(w *sim, id drivers.JobID) { w.cluster.Preempt(id) }, func(w *sim) bool { return ready(w) && w.cluster.Submissions(llmSeat) == 2 }},
		}},
		"no boot": {end: plan.BootFail, steps: []step{
			{"replaced", func(w *sim, id drivers.JobID) { w.cluster.FailBoot(id) }, func(w *sim) bool { return ready(w) && w.cluster.Submissions(llmSeat) == 2 }},
		}},
		"completing for ever": {end: plan.CancelledByHand, steps: []step{
			{"said", func(w *sim, id drivers.JobID) { w.cluster.Stick(id, true); w.cluster.Kill(id) }, says(v1alpha1.Stalled, v1alpha1.True, plan.CompletingTooLong)},
			{"replaced", func(w *sim, id drivers.JobID) { w.cluster.Stick(id, false) }, ready},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := bounded(t, 12*time.Hour)
			w.until(t, "Ready", w.ready)
			first := w.jobOf("llm").ID
			for _, s := range c.steps {
				s.do(w, first)
				w.until(t, s.what, func() bool { return s.want(w) })
			}
			if c.end == "" {
				if now := w.jobOf("llm").ID; now != first {
					t.Errorf("job %s was replaced by %s", first, now)
				}
				return
			}
			if end := w.lastEnd(t); end.Reason != c.end || end.Failure != (c.end == plan.CancelledByHand) {
				t.Errorf("the first job ended as %+v, want %s", end, c.end)
			}
		})
	}
}

// llmSeat is the seat of the service.
var llmSeat = drivers.Seat{Experiment: "exp", Group: "llm"}

// TestHeld: a job that an administrator holds is Stalled with what to do, and goes on once it is released.
func TestHeld(t *testing.T) {
	w := calm(t)
	w.apply()
	w.until(t, "a job", func() bool {
		j := w.jobOf("llm")
		w.cluster.Hold(j.ID)
		return w.condition(v1alpha1.Stalled).Reason == string(plan.HeldByAdmin)
	})
	if c := w.condition(v1alpha1.Ready); c.Status != v1alpha1.False || c.Reason != string(plan.HeldByAdmin) || plan.Advice(plan.HeldByAdmin) == "" {
		t.Errorf("Ready is %+v", c)
	}
	w.cluster.Calm()
	w.until(t, "Ready", w.ready)
}
