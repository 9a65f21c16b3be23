package view

import (
	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// Snapshot is what the store says at one moment.
type Snapshot struct {
	Statuses []v1alpha1.ExperimentStatus // by name
	Heads    map[string]store.Revision   // newest revision of each experiment
	store    *store.Store
}

// Read reads the status files and the newest revisions. Seats get the folder of their job.
func Read(st *store.Store) (Snapshot, error) {
	s := Snapshot{store: st, Heads: map[string]store.Revision{}}
	var err error
	if s.Statuses, err = st.Statuses(); err != nil {
		return s, err
	}
	for _, e := range s.Statuses {
		for _, v := range e.Services {
			for i, seat := range v.Seats {
				if id, ok := drivers.ParseSeat(seat.Seat); ok && seat.Nonce != "" {
					v.Seats[i].Dir = st.JobDir(id, seat.Nonce)
				}
			}
		}
	}
	heads, err := st.Heads()
	if err != nil {
		return s, err
	}
	for _, h := range heads {
		s.Heads[h.Experiment] = h
	}
	return s, nil
}
