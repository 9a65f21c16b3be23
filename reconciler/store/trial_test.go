package store

import (
	"os"
	"slices"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// TestATrialIsSummedUp: what a search needs of its run is in the list of ended runs, and whoever reads it next has it, also when
// the list is made anew from the folders.
func TestATrialIsSummedUp(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	r, err := l.CreateRun(plan.Run{ID: "q-1", Experiment: "exp", Key: "k", Benchmark: "q", Target: "llm", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{Run: "q-1"})
	check(t, err)
	res := drivers.SuiteResult{Run: "q-1", Started: time.Unix(100, 0), Ended: time.Unix(160, 0), Reasons: []drivers.Reason{{Reason: "Overloaded", Message: "too much"}},
		Objective: &drivers.Objective{Missed: "Overloaded", Parts: []drivers.Kept{{Part: "goodput", Good: 9, Of: 10, Effective: 5}}}}
	check(t, durable.Writer{}.ReplaceRecord(r.Dir+"/"+drivers.ResultFile, res, nil))
	r.Result, r.Phase, r.Ended = &res, v1alpha1.RunComplete, time.Unix(161, 0)
	check(t, l.UpdateRun(r))
	check(t, l.Release())
	for _, how := range []string{"from the list", "from the folders"} {
		got := sees(t, s.Dir(), "exp").Past["exp"].Of("k")
		if len(got) != 1 || got[0].Trial == nil || got[0].Trial.Millis != 60000 || got[0].Trial.Missed != "Overloaded" || !slices.Equal(got[0].Trial.Parts, res.Objective.Parts) {
			t.Errorf("%s: %+v", how, got)
		}
		check(t, os.RemoveAll(s.FinishedDir("exp")))
	}
}
