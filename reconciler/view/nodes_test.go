package view

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// TestNodes: each node once, with its jobs, and those that are avoided although nothing runs there.
func TestNodes(t *testing.T) {
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := st.Acquire(t.Context(), "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		a, err := lease.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: "exp", Group: "llm"}})
		if err != nil {
			t.Fatal(err)
		}
		a.End = &plan.End{Reason: plan.NodeFail, Nodes: []string{"bad"}, At: time.Now().Add(-30 * time.Minute)}
		if err := lease.Update(a); err != nil {
			t.Fatal(err)
		}
	}
	s := Snapshot{store: st, Statuses: []v1alpha1.ExperimentStatus{
		{Name: "exp", Services: []v1alpha1.ServiceStatus{
			{Name: "llm", Seats: []v1alpha1.SeatStatus{{JobID: "7", Nodes: []string{"n1", "n2"}}}},
			{Name: "docs", Seats: []v1alpha1.SeatStatus{{JobID: "7", Nodes: []string{"n1"}}}},
		}},
		{Name: "other", Services: []v1alpha1.ServiceStatus{{Name: "web", Seats: []v1alpha1.SeatStatus{{JobID: "8", Nodes: []string{"n2"}}}}}},
	}}
	rows := func(f Filter) [][]string {
		items, err := s.Objects("nodes", f)
		if err != nil {
			t.Fatal(err)
		}
		_, rows := Table("nodes", items, false, nil)
		return rows
	}
	bad, n1 := []string{"bad", "-", "-", "2", "for 29m: NodeFail"}, []string{"n1", "7", "exp/llm,exp/docs", "0", "-"}
	n2 := []string{"n2", "7,8", "exp/llm,other/web", "0", "-"}
	for _, c := range []struct {
		filter Filter
		want   [][]string
	}{{Filter{}, [][]string{bad, n1, n2}}, {Filter{Experiment: "other"}, [][]string{n2}}, {Filter{Name: "bad"}, [][]string{bad}}} {
		if diff := cmp.Diff(c.want, rows(c.filter)); diff != "" {
			t.Errorf("%+v: %s", c.filter, diff)
		}
	}
}
