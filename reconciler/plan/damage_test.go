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

// TestASeatWhoseSecondAttemptIsFenced: the job of an attempt that was made anew has failed, and what it left behind is ended
// before the attempt is closed. The seat is shown with the job that it was judged by, not with the one that is older.
func TestASeatWhoseSecondAttemptIsFenced(t *testing.T) {
	d, o := parseWorld(t, "service llm\nfencer\nattempt n1 seat=llm/0 job=105\nattempt n2 seat=llm/0 job=102\n"+
		"job 105 nonce=n1 started=1m\njob 102 nonce=n2 state=Failed\nagent n1\nagent n2 wasready")
	o.Listing.Jobs[1].Started = o.Listing.Jobs[0].Started.Add(-time.Minute)
	seat := Plan(d, o).Status[0].Services[0].Seats[0]
	if !seat.Ready || seat.JobID != "105" || seat.Nonce != "n1" {
		t.Errorf("%+v", seat)
	}
}
