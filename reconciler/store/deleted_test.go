package store

import (
	"errors"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// TestDeleted: what is deleted can be found until it is purged; one of its name that comes afterwards has other numbers.
func TestDeleted(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	newest := func() (generation int64, deleted, ok bool) {
		t.Helper()
		r, deleted, ok, err := s.Newest("web")
		check(t, err)
		return r.Generation, deleted, ok
	}
	listed := func() int {
		t.Helper()
		all, err := s.Deleted()
		check(t, err)
		return len(all)
	}
	if _, _, ok := newest(); ok {
		t.Error("what never was is there")
	}
	r := Revision{Experiment: "web", Spec: v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "web"}}}
	_, _, err := s.Accept(r)
	check(t, err)
	check(t, l.PutStatus(v1alpha1.ExperimentStatus{Name: "web", Generation: 2, Benchmarks: []v1alpha1.BenchmarkStatus{{Name: "q"}}}))
	if n, deleted, ok := newest(); n != 1 || deleted || !ok || listed() != 0 {
		t.Errorf("declared: revision %d, deleted %v, there %v", n, deleted, ok)
	}
	r.Deleting = true
	last, _, err := s.Accept(r)
	check(t, err)
	check(t, s.Forget(l, "web"))
	if n, deleted, ok := newest(); n != 2 || !deleted || !ok || listed() != 1 {
		t.Errorf("deleted: revision %d, deleted %v, there %v", n, deleted, ok)
	}
	if st, ok, err := s.LastStatus(last); err != nil || !ok || len(st.Benchmarks) != 1 {
		t.Errorf("the last status: %+v, %v, %v", st, ok, err)
	}
	check(t, s.Purge(last))
	check(t, s.Purge(last))
	history, err := s.History("web")
	check(t, err)
	if _, _, ok := newest(); ok || listed() != 0 || len(history) != 0 {
		t.Errorf("purged, it is there: %v, %d listed, %d revisions", ok, listed(), len(history))
	}
	r.Deleting = false
	again, outcome, err := s.Accept(r)
	check(t, err)
	if n, deleted, ok := newest(); again.Generation != 3 || outcome != Created || n != 3 || deleted || !ok {
		t.Errorf("anew: revision %d %s", again.Generation, outcome)
	}
}

// TestAcceptOver: of two who changed the same revision the first one wins, and the other learns of whom.
func TestAcceptOver(t *testing.T) {
	s := open(t, t.TempDir())
	r := Revision{Experiment: "web", Spec: v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "web"}}}
	was, _, err := s.Accept(r)
	check(t, err)
	r.Owner = "mine"
	first, outcome, err := s.AcceptOver(was, r)
	if err != nil || outcome != Configured || first.Generation != 2 {
		t.Errorf("%+v, %s, %v", first, outcome, err)
	}
	r.Owner = "other"
	if _, _, err := s.AcceptOver(was, r); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "revision 2") {
		t.Error(err)
	}
}
