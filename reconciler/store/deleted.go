package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
)

// Newest is the newest revision of an experiment, also of one that was deleted: what was measured of that can still be read.
// It is not there when the experiment was purged, or never was.
func (s *Store) Newest(name string) (r Revision, deleted, ok bool, err error) {
	r, ok, last, err := s.head(name)
	if err != nil || ok {
		return r, false, ok, err
	}
	purged, err := s.purged(name)
	if err != nil || last == 0 || last <= purged {
		return r, false, false, err
	}
	r, err = s.Revision(name, last)
	return r, true, err == nil, err
}

// Deleted are the newest revisions of the experiments that were deleted and not purged, by name. Damaged ones are in the error,
// a Damages.
func (s *Store) Deleted() (out []Revision, err error) {
	experiments, err := durable.Names(filepath.Join(s.dir, "revisions"))
	if err != nil {
		return nil, err
	}
	var damages Damages
	for _, e := range experiments {
		r, deleted, ok, err := s.Newest(named(e))
		switch {
		case err != nil && contained(err):
			damages = append(damages, Damage{Experiment: named(e), Err: err})
		case err != nil:
			return nil, err
		case ok && deleted:
			out = append(out, r)
		}
	}
	return out, damages.or()
}

// LastStatus is the status that a deleted experiment had at the end; false when there is none.
func (s *Store) LastStatus(r Revision) (st v1alpha1.ExperimentStatus, ok bool, err error) {
	err = durable.ReadRecord(s.lastStatusPath(r.Experiment, r.Generation), &st)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, durable.ErrDamaged) {
		return st, false, nil
	}
	return st, err == nil, err
}

func (s *Store) lastStatusPath(name string, generation int64) string {
	return filepath.Join(s.dir, "archive", fmt.Sprintf("%s-%06d.status.json", safe(name), generation))
}

// Purge marks a deleted experiment as one of which nothing is kept: it is not listed any more. The numbers of its revisions stay
// used. Removing what was measured is for package gc.
func (s *Store) Purge(r Revision) error {
	err := s.fs.CreateRecord(filepath.Join(s.revisionDir(r.Experiment), fmt.Sprintf("%06d.purged", r.Generation)), struct{}{}, nil)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("marking experiment %s as purged: %w", r.Experiment, err)
	}
	return nil
}

// purged is the number of the revision up to which an experiment was purged.
func (s *Store) purged(name string) (int64, error) { return s.marked(name, "purged") }
