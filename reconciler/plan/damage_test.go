package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/drivers"
)

// TestRebuild compares a rebuilt record with the one that a submission makes.
func TestRebuild(t *testing.T) {
	job := drivers.JobSpec{Nodes: 2, GPUsPerNode: 4, Partition: "gpu", Time: time.Hour}
	e := Experiment{Name: "exp", Revision: "r", Services: []Service{
		{Name: "alone", Slots: 1, Alloc: "a", Proc: "p", Settings: "s", Job: job},
		{Name: "one", Group: "g", Slots: 1, Alloc: "b", Job: job}, {Name: "two", Group: "g", Slots: 1, Alloc: "c", Job: job},
	}}
	submitted := map[drivers.Seat]Attempt{}
	for _, a := range Plan(Desired{Experiments: []Experiment{e}}, Observed{Now: epoch, Listing: Listing{At: epoch}}).Actions {
		if a.Verb == Submit {
			submitted[a.Seat] = *a.Attempt
		}
	}
	if len(submitted) != 2 {
		t.Fatalf("submitted: %+v", submitted)
	}
	for seat, want := range submitted {
		got, ok := Rebuild(e, Attempt{Seat: seat})
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%s: %v %s", seat, ok, diff)
		}
	}
	if _, ok := Rebuild(e, Attempt{Seat: drivers.Seat{Experiment: "exp", Group: "gone"}}); ok {
		t.Error("a seat that is not declared was rebuilt")
	}
	run := drivers.Seat{Experiment: "exp", Group: runGroup + "q"}
	if _, ok := Rebuild(e, Attempt{Seat: run}); ok {
		t.Error("the job of an unknown run was rebuilt")
	}
	if a, ok := Rebuild(e, Attempt{Seat: run, Run: "q-1"}); !ok || a.unknown() {
		t.Errorf("the job of a known run: %+v, %v", a, ok)
	}
	larger := job
	larger.Nodes = 4
	e.Points = []Point{{Services: e.Services}, {Services: []Service{{Name: "alone", Slots: 1, Alloc: "another", Job: larger}}}}
	if _, ok := Rebuild(e, Attempt{Seat: drivers.Seat{Experiment: "exp", Group: "alone"}}); ok {
		t.Error("a seat that differs from point to point was rebuilt")
	}
}
