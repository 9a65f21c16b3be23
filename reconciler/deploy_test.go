package reconciler

import (
	"fmt"
	"testing"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// calmly demands that no server starts anew for another deployment while a run is active.
func (w *sim) calmly(r plan.Result) {
	for _, a := range r.Actions {
		if a.Reason != plan.Redeployed || a.Verb != plan.Instruct {
			continue
		}
		for _, st := range r.Status {
			for _, run := range st.Runs {
				if run.Phase == v1alpha1.RunPending || run.Phase == v1alpha1.RunRunning {
					w.broken = fmt.Errorf("%s starts anew while run %s is %s", a.Seat, run.ID, run.Phase)
				}
			}
		}
	}
}

// TestDeployments: two runs of each of three deployments, in one job. Each run says what it measured, and the runs of every
// deployment have the same seeds.
func TestDeployments(t *testing.T) {
	w := calm(t)
	w.web, w.repeats, w.deploys = false, 2, 3
	w.apply()
	w.settled(t)
	of, seeds := map[string]int{}, map[int64]int{}
	for _, r := range w.runsOf(t, "bench") {
		if r.Phase != v1alpha1.RunComplete || r.Deployment == "" {
			t.Errorf("run %s is %s, of deployment %q", r.ID, r.Phase, r.Deployment)
		}
		of[r.Deployment]++
		seeds[r.Seed]++
	}
	if len(of) != 3 || len(seeds) != 2 {
		t.Errorf("the deployments and their runs: %v, the seeds: %v", of, seeds)
	}
	for d, n := range of {
		if n != 2 {
			t.Errorf("%d runs measured %s", n, d)
		}
	}
	if n := w.cluster.Submissions(llmSeat); n != 1 {
		t.Errorf("%d jobs were submitted, where the server starts anew in its own", n)
	}
}
