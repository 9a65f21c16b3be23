package store

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/reconciler/plan"
)

// TestScaledRecords: a number is read as it was written, a torn record is named and costs no other, and what belongs to another
// name is no record.
func TestScaledRecords(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	now := time.Now().UTC().Round(0)
	one := plan.Scaled{Experiment: "exp", Service: "llm", Number: 3, Changed: now, Answered: now, Value: 7.5, Asked: 3, Low: []plan.Recommendation{{At: now, Number: 3}}}
	two := plan.Scaled{Experiment: "exp", Service: "two", Number: 1}
	check(t, l.PutScaled(one))
	check(t, l.PutScaled(two))
	all, err := s.Scaled()
	check(t, err)
	if diff := cmp.Diff(map[string]plan.Scaled{"exp/llm": one, "exp/two": two}, all); diff != "" {
		t.Error(diff)
	}
	check(t, os.WriteFile(s.scaledPath(two), []byte(`{"number`), 0o600))
	all, err = s.Scaled()
	damages, err := Tolerate(err)
	if err != nil || len(damages) != 1 || damages[0].Experiment != "exp" || len(all) != 1 {
		t.Errorf("a torn record: %v, %v, %v", all, damages, err)
	}
	check(t, l.DropScaled(two))
	check(t, l.DropScaled(two)) // again is no error
	check(t, l.dropScaled("exp"))
	if all, err = s.Scaled(); err != nil || len(all) > 0 {
		t.Errorf("forgotten: %v, %v", all, err)
	}
}

// TestScaledNeedsTheLease: a controller whose lease is lost changes no number.
func TestScaledNeedsTheLease(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	l := acquire(t, s)
	r := plan.Scaled{Experiment: "exp", Service: "llm", Number: 3}
	check(t, l.PutScaled(r))
	check(t, l.Release())
	check(t, acquire(t, open(t, dir)).PutScaled(plan.Scaled{Experiment: "exp", Service: "llm", Number: 2}))
	if err := l.PutScaled(r); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("written without the lease: %v", err)
	}
	if err := l.DropScaled(r); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("dropped without the lease: %v", err)
	}
	if all, err := s.Scaled(); err != nil || all["exp/llm"].Number != 2 {
		t.Errorf("%v, %v", all, err)
	}
}
