package gate

import (
	"errors"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/reconciler/results"
)

// answer is the group of a search that found a capacity between two loads.
func answer(kept, missed float64) results.Group {
	return results.Group{Benchmark: "q", Rows: []results.Row{{Benchmark: "q", Valid: true, Search: &v1alpha1.SearchStatus{Benchmark: "q", Kept: kept, Missed: missed, Runs: 17},
		Metrics: map[string]float64{results.SearchCapacity: kept, results.SearchMissed: missed}}}}
}

// TestCapacity: the interval of a search decides, although it is one row.
func TestCapacity(t *testing.T) {
	for name, c := range map[string]struct {
		gate             v1alpha1.Gate
		before           results.Group
		verdict, because string
	}{
		"above":       {v1alpha1.Gate{Metric: "search.capacity", Min: bound(11)}, results.Group{}, Go, "capacity between 11.8 and 12.4, by 17 runs, min 11"},
		"below":       {v1alpha1.Gate{Metric: "search_capacity", Min: bound(13)}, results.Group{}, NoGo, "min 13"},
		"between":     {v1alpha1.Gate{Metric: "search_capacity", Min: bound(12)}, results.Group{}, Inconclusive, "narrow search.precision"},
		"no drop":     {v1alpha1.Gate{Metric: "search_capacity", Baseline: "b", MaxDrop: 10}, answer(12, 12.6), Go, "change against b"},
		"a drop":      {v1alpha1.Gate{Metric: "search_capacity", Baseline: "b", MaxDrop: 10}, answer(20, 21), NoGo, "min -10%"},
		"no baseline": {v1alpha1.Gate{Metric: "search_capacity", Baseline: "b", MaxDrop: 10}, results.Group{}, Inconclusive, "no valid run"},
	} {
		v := Evaluate(c.gate, answer(11.8, 12.4), Declared{}, nil, func(string, results.Group) (results.Group, error) { return c.before, nil })
		if v.Verdict != c.verdict || !strings.Contains(v.Reason, c.because) {
			t.Errorf("%s: %s: %s", name, v.Verdict, v.Reason)
		}
	}
	undecided := results.Group{Benchmark: "q", Invalid: answer(0, 12).Rows}
	v := Evaluate(v1alpha1.Gate{Metric: "search_capacity", Min: bound(1)}, undecided, Declared{}, nil, func(string, results.Group) (results.Group, error) { return results.Group{}, errors.New("none") })
	if v.Verdict != Inconclusive {
		t.Errorf("undecided: %+v", v)
	}
}
