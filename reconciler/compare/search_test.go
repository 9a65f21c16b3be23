package compare

import (
	"testing"

	"assay/api/v1alpha1"
	"assay/reconciler/results"
)

// TestCapacities: two searches differ when their intervals have nothing in common, whatever a test of one value each would say.
func TestCapacities(t *testing.T) {
	found := func(kept, missed float64) []results.Group {
		return []results.Group{{Benchmark: "q", Rows: []results.Row{{Benchmark: "q", Valid: true, Search: &v1alpha1.SearchStatus{Kept: kept, Missed: missed, Runs: 15},
			Metrics: map[string]float64{results.SearchCapacity: kept}}}}}
	}
	for _, c := range []struct {
		now       []results.Group
		different bool
	}{{found(12.1, 12.7), false}, {found(15, 15.7), true}, {found(8, 8.4), true}} {
		rows := Groups(found(11.8, 12.4), c.now, []string{"search_capacity"})
		if len(rows) != 1 || rows[0].Different != c.different || rows[0].Now.N != 15 || rows[0].Before.Hi != 12.4 {
			t.Errorf("%+v", rows)
		}
	}
}
