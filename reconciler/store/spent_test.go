package store

import (
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

// TestForgottenSpending: what an experiment of a followed source used is counted once, however often forgetting it begins,
// and again in its next life.
func TestForgottenSpending(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	const owner = "watch:/m"
	seat := drivers.Seat{Experiment: "exp", Group: "llm"}
	for range 2 {
		a, err := l.Begin(plan.Attempt{Seat: seat, Experiment: "exp", Holds: plan.Holds{Nodes: 2}})
		check(t, err)
		a.End = &plan.End{Reason: plan.TimeLimit, At: time.Now(), Used: plan.Usage{Nodes: time.Hour}}
		check(t, l.Update(a))
	}
	used := func(generation int64, want time.Duration) {
		t.Helper()
		for range 2 {
			check(t, l.noteSpent(Revision{Experiment: "exp", Owner: owner, Generation: generation}))
		}
		if got, err := s.Forgotten(owner); err != nil || got.Nodes != want {
			t.Errorf("after revision %d it used %s, %v; want %s", generation, got.Nodes, err, want)
		}
	}
	used(3, time.Hour) // the last attempt of a seat carries those before it, and here it carries none
	used(5, 2*time.Hour)
	check(t, l.noteSpent(Revision{Experiment: "exp", Owner: "apply", Generation: 6}))
	if got, err := s.Forgotten("apply"); err != nil || got != (plan.Usage{}) {
		t.Errorf("of what was applied by hand %s are kept, %v", got, err)
	}
}
