// Package storetest makes state directories for the tests of what reads them.
package storetest

import (
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// Store is an empty state directory without fsync, and its lease.
type Store struct {
	T     *testing.T
	St    *store.Store
	Lease *store.Lease
}

// New makes one that ends with the test.
func New(t *testing.T) Store {
	t.Helper()
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := st.Acquire(t.Context(), "test", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return Store{t, st, lease}
}

// Job records an attempt for the seat of a group of experiment e, whose job has that id.
func (s Store) Job(group, id string) plan.Attempt {
	s.T.Helper()
	at, err := s.Lease.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: "e", Group: group}, Experiment: "e"})
	if err != nil {
		s.T.Fatal(err)
	}
	at.JobID = drivers.JobID(id)
	if err := s.Lease.Update(at); err != nil {
		s.T.Fatal(err)
	}
	return at
}
