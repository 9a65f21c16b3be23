package reconciler

import (
	"fmt"

	"assay/api/v1alpha1"
	"assay/drivers/fake"
	"assay/reconciler/plan"
)

// searches is a search for the servers' capacity that takes five runs: 8, 16, the middle 11, and 11 and 16 again.
func (w *sim) searches(timeout v1alpha1.Duration, on v1alpha1.RunOn) v1alpha1.Benchmark {
	return v1alpha1.Benchmark{Name: "capacity", Target: "llm", Timeout: timeout, Run: &on, Serving: &v1alpha1.Serving{Dataset: "json"},
		Search: &v1alpha1.Search{Concurrency: &v1alpha1.Range{From: 8, To: 64}, SLO: v1alpha1.SLO{"ttft": 1}, Goodput: 0.9, Precision: 50, Repeats: 2}}
}

// foundCapacity demands that a search has found the servers' capacity with as few runs as it needs, whatever happened in
// between, or says which of its runs cannot be judged.
func (w *sim) foundCapacity(runs []plan.Run) error {
	for _, b := range w.status[0].Benchmarks {
		for _, s := range b.Searches {
			switch plan.Reason(s.Reason) {
			case plan.SearchFound:
				if s.Kept > fake.Capacity || s.Missed <= fake.Capacity || s.Runs != 5 {
					return fmt.Errorf("the search found %g to %g with %d runs, and the capacity is %d", s.Kept, s.Missed, s.Runs, fake.Capacity)
				}
			case plan.SearchStopped:
				if !unjudged(runs, b.Name) {
					return fmt.Errorf("the search has stopped although every run can be judged: %s", s.Message)
				}
			default:
				return fmt.Errorf("in the end the search is %s: %s", s.Reason, s.Message)
			}
		}
		if w.search && b.Name == "capacity" && len(b.Searches) != 1 {
			return fmt.Errorf("%d searches", len(b.Searches))
		}
	}
	return nil
}

func unjudged(runs []plan.Run, benchmark string) bool {
	for _, r := range runs {
		if r.Benchmark == benchmark && (r.Phase == v1alpha1.RunFailed || r.Phase == v1alpha1.RunComplete && r.Result != nil && !r.Result.Valid) {
			return true
		}
	}
	return false
}
