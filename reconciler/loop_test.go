package reconciler

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/fake"
	"assay/reconciler/store"
)

// calm is a site without faults; its loop is driven by hand.
func calm(t *testing.T) *sim {
	t.Helper()
	w, err := newSim(t, 3, variant{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	w.flights.rate = 0
	return w
}

func (w *sim) settled(t *testing.T) {
	t.Helper()
	w.apply()
	if err := w.converge(); err != nil {
		t.Fatal(err)
	}
}

// until makes passes until done says so.
func (w *sim) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 100 {
		w.pass()
		if done() {
			return
		}
		w.cluster.Advance(w.step)
	}
	t.Fatalf("never: %s; %s", what, w.complaints())
}

func (w *sim) event(t *testing.T, reason string) store.Event {
	t.Helper()
	events, err := w.store.Events("exp")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(events) {
		if e.Reason == reason {
			return e
		}
	}
	return store.Event{}
}

func (w *sim) jobOf(group string) drivers.Job {
	for _, j := range w.cluster.Live() {
		if j.Tag.Store == w.store.ID() && j.Tag.Seat.Group == group {
			return j
		}
	}
	return drivers.Job{}
}

// TestThreeKindsOfChange: a time limit keeps job and process, a model keeps the job, a node count needs a new job.
func TestThreeKindsOfChange(t *testing.T) {
	w := calm(t)
	w.settled(t)
	llm, web := w.jobOf("llm"), w.jobOf("web")

	w.limit = 10 * time.Hour
	w.settled(t)
	if j := w.jobOf("llm"); j.ID != llm.ID || j.Limit != 10*time.Hour {
		t.Errorf("after a shorter limit job %s has %s, want job %s with 10h", j.ID, j.Limit, llm.ID)
	}
	w.limit = 11 * time.Hour
	w.settled(t)
	if j := w.jobOf("llm"); j.ID != llm.ID || j.Limit != 10*time.Hour {
		t.Errorf("a refused change left job %s with %s", j.ID, j.Limit)
	}
	if e := w.event(t, "ChangeRefused"); !strings.Contains(e.Message, "from the next job on") {
		t.Errorf("the refusal is not in the events: %+v", e)
	}

	w.model = "b"
	w.settled(t)
	if j := w.jobOf("llm"); j.ID != llm.ID {
		t.Errorf("a changed model took a new job %s", j.ID)
	}
	w.webNodes = 2
	w.settled(t)
	if j := w.jobOf("web"); j.ID == web.ID || len(j.Nodes) != 2 {
		t.Errorf("a changed node count left job %s on %v", j.ID, j.Nodes)
	}
}

func TestSubmissionFailures(t *testing.T) {
	seat := drivers.Seat{Experiment: "exp", Group: "llm"}
	for name, c := range map[string]struct {
		faults fake.Faults
		reason string // of the warning
		says   string
	}{
		"rejected":    {fake.Faults{Reject: 1}, "SubmitFailed", "violates a policy"},
		"unreachable": {fake.Faults{Refuse: 1}, "SubmitFailed", "unable to contact"},
		"uncertain":   {fake.Faults{Silent: 1}, "SubmitFailed", "submission outcome unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			w := calm(t)
			w.cluster.SetFaults(c.faults)
			w.apply()
			w.pass()
			if e := w.event(t, c.reason); e.Type != "Warning" || !strings.Contains(e.Message, c.says) {
				t.Errorf("event %+v does not say %q", e, c.says)
			}
			w.cluster.SetFaults(fake.Faults{})
			if err := w.converge(); err != nil {
				t.Fatal(err)
			}
			if n := w.cluster.Submissions(seat); n != 1 {
				t.Errorf("the seat had %d jobs, want 1", n)
			}
		})
	}
}

// TestUnreachableIsUnknown: while the scheduler does not answer, conditions are Unknown and nothing is done to jobs.
func TestUnreachableIsUnknown(t *testing.T) {
	w := calm(t)
	w.settled(t)
	job := w.jobOf("llm")
	w.cluster.Freeze()
	w.web = false // would cancel web
	w.apply()
	w.until(t, "Unknown", func() bool {
		c := v1alpha1.Find(w.status[0].Conditions, v1alpha1.Ready)
		return c.Status == v1alpha1.Unknown
	})
	for range 20 {
		w.pass()
		w.cluster.Advance(w.step)
		if !w.quiet {
			t.Fatal("something was done although the scheduler does not answer")
		}
	}
	w.cluster.Thaw()
	if err := w.converge(); err != nil {
		t.Fatal(err)
	}
	if j := w.jobOf("llm"); j.ID != job.ID {
		t.Errorf("job %s was replaced by %s", job.ID, j.ID)
	}
}

// TestAccountedEnds: a job that has left the listing is asked for, so its end has the scheduler's reason.
func TestAccountedEnds(t *testing.T) {
	w := calm(t)
	w.settled(t)
	id := w.jobOf("llm").ID
	w.cluster.Kill(id)
	w.cluster.Advance(10 * time.Minute) // nobody looks, and the listing forgets it
	w.until(t, "the end has a reason", func() bool { return w.event(t, "CancelledByHand").JobID == string(id) })
	if err := w.converge(); err != nil {
		t.Fatal(err)
	}
}

func TestDeleteForgets(t *testing.T) {
	w := calm(t)
	w.settled(t)
	w.gone = true
	w.apply()
	w.until(t, "forgotten", func() bool { _, ok, err := w.store.Head("exp"); return !ok && err == nil })
	w.pass()
	if all, err := w.store.Statuses(); err != nil || len(all) > 0 {
		t.Errorf("a forgotten experiment still has a status: %v %v", all, err)
	}
	if j := w.jobOf("llm"); j.ID != "" {
		t.Errorf("job %s still lives", j.ID)
	}
}

// TestInvalidRevision: what cannot be compiled is said, and left alone.
func TestInvalidRevision(t *testing.T) {
	w := calm(t)
	w.settled(t)
	before := w.jobOf("llm").ID
	w.restart()
	w.loop.Compile = func(v1alpha1.Site, v1alpha1.Experiment, v1alpha1.Service) (drivers.Compiled, error) {
		return drivers.Compiled{}, errors.New("the flux is not compiled")
	}
	for range 20 {
		w.pass()
		w.cluster.Advance(w.step)
	}
	st, ok, err := w.store.Status("exp")
	c := v1alpha1.Find(st.Conditions, v1alpha1.Stalled)
	if err != nil || !ok || c.Status != v1alpha1.True || !strings.Contains(c.Message, "the flux is not compiled") {
		t.Errorf("the status does not say it: %+v %v", c, err)
	}
	if j := w.jobOf("llm"); j.ID != before {
		t.Errorf("job %s became %s", before, j.ID)
	}
}

// TestRun drives the loop by the real clock: it works on its own, stops without an error when told to, and with one
// when the lease is lost.
func TestRun(t *testing.T) {
	w := calm(t)
	w.apply()
	w.loop.Clock = w.cluster.Now
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.loop.Run(ctx) }()
	deadline := time.Now().Add(30 * time.Second)
	for w.jobOf("web").State != drivers.JobRunning {
		if time.Now().After(deadline) {
			t.Fatal("nothing was brought up")
		}
		w.cluster.Advance(2 * time.Second)
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("stopping it is no error, got %v", err)
	}

	go func() { done <- w.loop.Run(t.Context()) }()
	w.bury()
	if _, err := w.store.Acquire(t.Context(), "another", time.Second); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("a lost lease is an error, got %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on without the lease")
	}
}
