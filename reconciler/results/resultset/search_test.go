package resultset

import (
	"fmt"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/gate"
	"assay/reconciler/plan"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

// TestASearchHasARowOfItsOwn: the runs of a search are rows at their loads, its answer is one beside them, and gates are decided on
// the answer alone. Another revision that measures the same has both too.
func TestASearchHasARowOfItsOwn(t *testing.T) {
	m := &memory{}
	benchmark := v1alpha1.Benchmark{Name: "q", Search: &v1alpha1.Search{}, Gates: []v1alpha1.Gate{{Metric: "search_capacity", Min: &v1alpha1.Bound{Number: 10}}}}
	for _, hash := range []string{"aaaa1111", "aaaa2222"} {
		m.accept("e", hash, "a")
		m.revisions[len(m.revisions)-1].Spec.Spec.Benchmarks = []v1alpha1.Benchmark{benchmark}
	}
	for i, load := range []string{"8", "16", "12"} {
		m.measure("e", "aaaa1111", 1, 100)
		r := &m.runs[i]
		r.Point = map[string]string{"rate": load}
		if load == "16" {
			r.Result.Valid, r.Result.Reasons = false, []drivers.Reason{{Reason: "Overloaded", Message: "a queue"}}
		}
	}
	status := v1alpha1.SearchStatus{Benchmark: "q", By: "rate", Load: "rate", Kept: 12, Missed: 12.5, Reason: string(plan.SearchFound), Message: "found", Runs: 3}
	r := m.reader()
	r.Configurations = func(store.Revision) ([]plan.Configuration, error) {
		return []plan.Configuration{{Benchmark: "q", Fingerprint: "a", Point: map[string]string{"rate": "8"}, Load: "rate"}}, nil
	}
	r.Searches = func(store.Revision, []plan.Run) ([]v1alpha1.SearchStatus, error) {
		return []v1alpha1.SearchStatus{status}, nil
	}
	rows, err := r.Results("e@2")
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	answer := rows[3]
	if !answer.Valid || answer.Run != "q-search" || len(answer.Point) != 0 || answer.Metrics[results.SearchCapacity] != 12 || answer.Metrics["search_runs"] != 3 || !answer.Started.Equal(start) {
		t.Errorf("%+v", answer)
	}
	verdicts, err := r.Verdicts("e", nil)
	if err != nil || len(verdicts) != 1 || verdicts[0].Verdict != gate.Go {
		t.Errorf("%+v %v", verdicts, err)
	}
	status.Reason, status.Message, status.Kept = string(plan.SearchUndecided), "it stays in doubt", 0
	verdicts, err = r.Verdicts("e", nil)
	if err != nil || len(verdicts) != 1 || verdicts[0].Verdict != gate.Inconclusive {
		t.Errorf("undecided: %+v %v", verdicts, err)
	}
	if rows, err = r.Results("e"); err != nil || rows[3].Valid || !strings.Contains(fmt.Sprint(rows[3].Reasons), "in doubt") {
		t.Errorf("undecided: %+v %v", rows, err)
	}
	status.Reason = string(plan.InProgress)
	if rows, err = r.Results("e"); err != nil || len(rows) != 3 {
		t.Errorf("while it goes on: %+v %v", rows, err)
	}
}
