package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"assay/reconciler/plan"
)

func (s *Store) scaledPath(r plan.Scaled) string {
	return filepath.Join(s.dir, "scaled", safe(r.Experiment)+"."+safe(r.Service)+".json")
}

// PutScaled replaces what is remembered of a scaled service. Only the holder of the lease writes it, so that two controllers
// never disagree about a number.
func (l *Lease) PutScaled(r plan.Scaled) error {
	err := l.s.fs.MkdirAll(filepath.Dir(l.s.scaledPath(r)))
	if err == nil {
		err = l.replace(l.s.scaledPath(r), r)
	}
	if err != nil {
		return fmt.Errorf("writing how many replicas service %s of experiment %s has: %w", r.Service, r.Experiment, err)
	}
	return nil
}

// DropScaled forgets a service that is not scaled any more.
func (l *Lease) DropScaled(r plan.Scaled) error {
	err := l.Check()
	if err == nil {
		err = l.s.fs.Remove(l.s.scaledPath(r))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forgetting how many replicas service %s of experiment %s has: %w", r.Service, r.Experiment, err)
	}
	return nil
}

// Scaled is what is remembered of all scaled services, by experiment/service. Damaged records are in the error, a Damages: such
// a number is found again from the jobs that exist.
func (s *Store) Scaled() (map[string]plan.Scaled, error) {
	out := map[string]plan.Scaled{}
	err := records(filepath.Join(s.dir, "scaled"), func(name string, r plan.Scaled) {
		if filepath.Base(s.scaledPath(r)) == name {
			out[r.Experiment+"/"+r.Service] = r
		}
	})
	return out, err
}

// dropScaled forgets the services of an experiment that is gone.
func (l *Lease) dropScaled(experiment string) error {
	all, err := l.s.Scaled()
	if err != nil && !errors.As(err, new(Damages)) {
		return err
	}
	for _, r := range all {
		if r.Experiment == experiment {
			if err := l.DropScaled(r); err != nil {
				return err
			}
		}
	}
	return nil
}
