package reconciler

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/fake"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// runTrouble does to runs what users and the world can do to them.
func (w *sim) runTrouble() {
	switch w.asks.IntN(12) {
	case 0:
		w.cluster.SetRunFaults(fake.RunFaults{Lose: 0.3 * w.asks.Float64(), Spoil: 0.3 * w.asks.Float64()})
	case 1:
		w.askAgain()
	}
}

// askAgain asks for one of the runs that have ended again, as assay rerun would: without the lease.
func (w *sim) askAgain() {
	if w.disk.err != nil {
		return // the user is told so
	}
	runs, err := w.store.Runs("exp")
	if _, err = store.Tolerate(err); err != nil {
		panic(err)
	}
	runs = slices.DeleteFunc(runs, func(r plan.Run) bool {
		return r.Phase != v1alpha1.RunComplete && r.Phase != v1alpha1.RunFailed && r.Phase != v1alpha1.RunLost
	})
	if len(runs) == 0 {
		return
	}
	r := runs[w.asks.IntN(len(runs))]
	w.note("the user asks for run %s again", r.ID)
	for range 2 { // asking twice is asking once, also when the first time was cut short
		w.surviving(func() {
			if _, err := w.store.AskAgain(plan.Rerun{Experiment: "exp", Run: r.ID, Exact: w.asks.IntN(2) == 0}); err != nil && !errors.Is(err, durable.ErrDamaged) {
				panic(err)
			}
		})
	}
}

// judgedRuns demands that what counts in the end is valid, unless it was done again as often as it may be, and that nothing
// that the user asked for is left over. A benchmark that was given up while its target's walltime was a minute has no result
// until the user asks for it: a run never begins again because a time limit changed.
func (w *sim) judgedRuns() error {
	left, err := w.store.Reruns()
	if err != nil || len(left) > 0 {
		return fmt.Errorf("in the end these runs are still asked for again: %v, %v", left, err)
	}
	used := fmt.Sprintf("(%d of %[1]d retries used)", v1alpha1.DefaultRetryInvalid)
	for _, b := range w.status[0].Benchmarks {
		if v1alpha1.Find(b.Conditions, v1alpha1.Failed).Reason == string(plan.RunTooLong) {
			continue
		}
		if c := v1alpha1.Find(b.Conditions, v1alpha1.Valid); b.Runs > 0 && c.Status != v1alpha1.True && !strings.HasSuffix(c.Message, used) {
			return fmt.Errorf("in the end the runs of %s are not valid: %s", b.Name, c.Message)
		}
	}
	return nil
}

// TestRunFindsItsTarget: a run that queues for a job of its own measures its target where it is when that job starts (C6).
// Before, the run measured the address that the target had when the run was made, and failed for good.
func TestRunFindsItsTarget(t *testing.T) {
	w := calm(t)
	w.web, w.repeats, w.own = false, 1, true
	w.apply()
	var queued drivers.Job
	w.until(t, "the run's job is submitted", func() bool {
		for _, j := range w.cluster.Live() {
			if j.Tag.Seat.Group == "run.bench" {
				queued = j
			}
		}
		return queued.ID != ""
	})
	w.cluster.Hold(queued.ID)
	for _, j := range w.cluster.Live() {
		if j.Tag.Store == w.store.ID() && j.Tag.Seat == llmSeat {
			w.cluster.FailNode(j.Nodes[0]) // the target moves to another node
		}
	}
	w.until(t, "the target is Ready elsewhere", func() bool { return w.ready() && w.cluster.Submissions(llmSeat) == 2 })
	w.cluster.Release(queued.ID)
	w.until(t, "the run has ended", func() bool {
		runs := w.runsOf(t, "bench")
		return runs[0].Phase != v1alpha1.RunPending && runs[0].Phase != v1alpha1.RunRunning
	})
	runs := w.runsOf(t, "bench")
	if len(runs) != 1 || runs[0].Phase != v1alpha1.RunComplete {
		t.Fatalf("the run is %s: %s %s", runs[0].Phase, runs[0].Reason, runs[0].Message)
	}
	var req drivers.SuiteRequest
	b, err := os.ReadFile(filepath.Join(runs[0].Dir, drivers.RequestFile))
	if err == nil {
		err = json.Unmarshal(b, &req)
	}
	if err != nil || len(req.Endpoints) != 1 || !w.cluster.Answers(req.Endpoints[0]) {
		t.Errorf("the request does not say what was measured: %v %v", req.Endpoints, err)
	}
}

// TestLostRunsAreRepeated: a run that loses its disk, or whose target answers nothing, is no failure (C24).
func TestLostRunsAreRepeated(t *testing.T) {
	w := calm(t)
	w.web, w.repeats = false, 1
	w.cluster.SetRunFaults(fake.RunFaults{Lose: 1})
	w.apply()
	w.until(t, "two attempts are lost", func() bool { return len(w.runsOf(t, "bench")) > 2 })
	w.cluster.SetRunFaults(fake.RunFaults{})
	w.settled(t)
	for _, r := range w.runsOf(t, "bench") {
		if r.Phase != v1alpha1.RunLost && r.Phase != v1alpha1.RunComplete {
			t.Errorf("run %s is %s: %s %s", r.ID, r.Phase, r.Reason, r.Message)
		}
	}
}
