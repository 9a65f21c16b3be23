package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// A user can ask for a run again at any moment, with a controller or without one. So what is asked is a file of its own,
// named after the run: it needs no lease, survives whoever wrote it, and asking twice is asking once. A controller sets the
// run aside, durably, and then removes the file.

// exactly ends the name of a file that asks for the same requests, byte for byte.
const exactly = "/exactly"

func (s *Store) rerunPath(r plan.Rerun) string {
	name := r.Experiment + "/" + r.Run
	if r.Exact {
		name += exactly
	}
	return filepath.Join(s.dir, "reruns", safe(name))
}

// AskAgain asks for a run again and reports whether that was not asked already. It needs no lease.
func (s *Store) AskAgain(r plan.Rerun) (bool, error) {
	path := s.rerunPath(r)
	err := s.fs.MkdirAll(filepath.Dir(path))
	if err == nil {
		err = s.fs.CreateRecord(path, struct{}{}, nil)
	}
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("asking for run %s of experiment %s again: %w", r.Run, r.Experiment, err)
	}
	return true, nil
}

// Reruns are the runs that were asked for again and not set aside yet, in the order of experiment and run; those that were
// asked for exactly come first, because it is more. The names of the files say everything, so none can be damaged.
func (s *Store) Reruns() ([]plan.Rerun, error) {
	files, err := durable.Names(filepath.Join(s.dir, "reruns"))
	if err != nil {
		return nil, err
	}
	var out []plan.Rerun
	for _, f := range files {
		if experiment, run, ok := strings.Cut(named(f), "/"); ok {
			run, exact := strings.CutSuffix(run, exactly)
			out = append(out, plan.Rerun{Experiment: experiment, Run: run, Exact: exact})
		}
	}
	slices.SortStableFunc(out, func(a, b plan.Rerun) int {
		return map[bool]int{true: -1}[a.Exact] - map[bool]int{true: -1}[b.Exact]
	})
	return out, nil
}

// DropRerun forgets that a run was asked for again.
func (l *Lease) DropRerun(r plan.Rerun) error {
	err := l.Check()
	if err == nil {
		err = l.s.fs.Remove(l.s.rerunPath(r))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forgetting that run %s was asked for again: %w", r.Run, err)
	}
	return nil
}
