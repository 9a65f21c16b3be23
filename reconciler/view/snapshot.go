package view

import (
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// Snapshot is what the store says at one moment.
type Snapshot struct {
	Statuses []v1alpha1.ExperimentStatus // by name
	Heads    map[string]store.Revision   // newest revision of each experiment
	Age      time.Duration               // of the oldest status; 0 when they were observed now
	Live     bool                        // the reader observed them itself
	Problem  string                      // why it could not, although no controller does
	holder   store.Holder                // the controller that published them; zero when none does
	damages  store.Damages               // experiments whose newest revision cannot be read
	deleted  bool                        // it is of deleted experiments alone
	store    *store.Store
}

// Read reads the status files, whatever their age, and the newest revisions.
func Read(st *store.Store) (Snapshot, error) {
	s := Snapshot{store: st, Heads: map[string]store.Revision{}}
	var err error
	if s.Statuses, err = st.Statuses(); err != nil {
		return s, err
	}
	s.addFolders()
	heads, err := st.Heads()
	if s.damages, err = store.Tolerate(err); err != nil {
		return s, err
	}
	for _, h := range heads {
		s.Heads[h.Experiment] = h
	}
	return s, nil
}

// addFolders gives seats the folder of their job.
func (s Snapshot) addFolders() {
	for _, e := range s.Statuses {
		for _, v := range e.Services {
			for i, seat := range v.Seats {
				if id, ok := drivers.ParseSeat(seat.Seat); ok && seat.Nonce != "" {
					v.Seats[i].Dir = s.store.JobDir(id, seat.Nonce)
				}
			}
		}
	}
}

// Holder is who runs the loop and published the snapshot; false: nobody did, and what is shown was observed by the reader.
func (s Snapshot) Holder() (what, host string, pid int, ok bool) {
	return s.holder.What, s.holder.Host, s.holder.PID, s.holder.What != ""
}
