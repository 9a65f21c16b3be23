package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

const runFile = "run.json"

// record is run.json: the run, and once it has ended its request and result beside it, so that the file stands alone.
type record struct {
	plan.Run
	Request *drivers.SuiteRequest `json:"request,omitempty"`
	Result  *drivers.SuiteResult  `json:"result,omitempty"`
}

// CreateRun records a run and its request before any agent is told. One that exists already is returned as it is.
func (l *Lease) CreateRun(r plan.Run, req drivers.SuiteRequest) (plan.Run, error) {
	if err := l.Check(); err != nil {
		return r, err
	}
	r.Dir = l.s.runDir(r.Experiment, r.ID)
	if err := l.s.fs.mkdir(r.Dir); err != nil {
		return r, fmt.Errorf("making the directory of run %s: %w", r.ID, err)
	}
	// The request first: a run is there once run.json is, and then it is whole.
	if err := l.s.fs.create(filepath.Join(r.Dir, drivers.RequestFile), req); err != nil && !errors.Is(err, fs.ErrExist) {
		return r, fmt.Errorf("writing the request of run %s: %w", r.ID, err)
	}
	err := l.s.fs.create(filepath.Join(r.Dir, runFile), record{Run: r})
	if errors.Is(err, fs.ErrExist) {
		return l.s.readRun(r.Dir)
	}
	if err != nil {
		return r, fmt.Errorf("recording run %s: %w", r.ID, err)
	}
	return r, nil
}

// UpdateRun replaces a run's record; when the run has ended, its request and result go in too.
func (l *Lease) UpdateRun(r plan.Run) error {
	if err := l.Check(); err != nil {
		return err
	}
	dir := l.s.runDir(r.Experiment, r.ID)
	rec := record{Run: r, Result: r.Result}
	if !r.Ended.IsZero() {
		var req drivers.SuiteRequest
		if err := read(filepath.Join(dir, drivers.RequestFile), &req); err != nil {
			return fmt.Errorf("completing the record of run %s: %w", r.ID, err)
		}
		rec.Request = &req
	}
	if err := l.s.fs.replace(filepath.Join(dir, runFile), rec); err != nil {
		return fmt.Errorf("noting what became of run %s: %w", r.ID, err)
	}
	return nil
}

func (s *Store) runDir(experiment, id string) string {
	return filepath.Join(s.dir, "runs", experiment, id)
}

// Runs lists the runs of an experiment, or of all when experiment is empty, oldest first.
func (s *Store) Runs(experiment string) ([]plan.Run, error) {
	experiments := []string{experiment}
	if experiment == "" {
		var err error
		if experiments, err = names(filepath.Join(s.dir, "runs")); err != nil {
			return nil, err
		}
	}
	var out []plan.Run
	for _, e := range experiments {
		ids, err := names(filepath.Join(s.dir, "runs", e))
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			r, err := s.readRun(s.runDir(e, id))
			if errors.Is(err, fs.ErrNotExist) {
				continue // its creation was cut short, and it is created again
			}
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b plan.Run) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

// readRun reads a run with its claim and result. Ended runs are remembered: they do not change.
func (s *Store) readRun(dir string) (plan.Run, error) {
	info, err := os.Stat(filepath.Join(dir, runFile))
	if err != nil {
		return plan.Run{}, err
	}
	s.mu.Lock()
	c, ok := s.runs[dir]
	s.mu.Unlock()
	if ok && c.stamp.Equal(info.ModTime()) {
		return c.run, nil
	}
	var rec record
	if err := read(filepath.Join(dir, runFile), &rec); err != nil {
		return plan.Run{}, err
	}
	r := rec.Run
	r.Dir = dir
	if err := optional(filepath.Join(dir, drivers.ClaimFile), &r.Claim); err != nil {
		return r, err
	}
	if err := optional(filepath.Join(dir, drivers.ResultFile), &r.Result); err != nil {
		return r, err
	}
	if r.Phase != v1alpha1.RunPending && r.Phase != v1alpha1.RunRunning {
		s.mu.Lock()
		s.runs[dir] = cachedRun{r, info.ModTime()}
		s.mu.Unlock()
	}
	return r, nil
}

// optional reads a file that may be absent.
func optional[T any](path string, v **T) error {
	var t T
	err := read(path, &t)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	*v = &t
	return err
}
