package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

const runFile = "run.json"

// record is run.json: the run, and once it has ended also its request and result, so that the file is complete by itself.
type record struct {
	plan.Run
	Request *drivers.SuiteRequest `json:"request,omitempty"`
	Result  *drivers.SuiteResult  `json:"result,omitempty"`
}

// cachedRun is an ended run, and the state of its run.json when it was read.
type cachedRun struct {
	run  plan.Run
	file fs.FileInfo
}

// CreateRun records a run and its request, before any agent should run it. A run that exists already is returned as it is.
func (l *Lease) CreateRun(r plan.Run, req drivers.SuiteRequest) (plan.Run, error) {
	r.Dir = l.s.runDir(r.Experiment, r.ID)
	if err := l.s.fs.MkdirAll(r.Dir); err != nil {
		return r, fmt.Errorf("making the directory of run %s: %w", r.ID, err)
	}
	// The request is written first: a run exists once run.json does, and then it is complete.
	_, err := os.Stat(filepath.Join(r.Dir, runFile))
	if errors.Is(err, fs.ErrNotExist) {
		if err := l.replace(filepath.Join(r.Dir, drivers.RequestFile), req); err != nil {
			return r, fmt.Errorf("writing the request of run %s: %w", r.ID, err)
		}
		err = l.create(filepath.Join(r.Dir, runFile), record{Run: r})
	} else if err == nil {
		err = fs.ErrExist
	}
	if errors.Is(err, fs.ErrExist) {
		return l.s.readRun(r.Dir)
	}
	if err != nil {
		return r, fmt.Errorf("recording run %s: %w", r.ID, err)
	}
	return r, nil
}

// PlaceRun completes the request of a run with what it measures, and notes it in the run's record. No agent may know of the
// run before, and the request does not change afterwards: it says what was measured.
func (l *Lease) PlaceRun(r plan.Run) error {
	var req drivers.SuiteRequest
	path := filepath.Join(l.s.runDir(r.Experiment, r.ID), drivers.RequestFile)
	err := durable.ReadRecord(path, &req)
	if err == nil {
		err = l.replace(path, req.At(*r.Given))
	}
	if err != nil {
		return fmt.Errorf("completing the request of run %s: %w", r.ID, err)
	}
	return l.UpdateRun(r)
}

// UpdateRun replaces a run's record, which holds the request and result too once the run has ended.
func (l *Lease) UpdateRun(r plan.Run) error {
	dir := l.s.runDir(r.Experiment, r.ID)
	rec := record{Run: r, Result: r.Result}
	if ended(r) {
		var err1, err2 error
		rec.Request, err1 = durable.OptionalRecord[drivers.SuiteRequest](filepath.Join(dir, drivers.RequestFile))
		if rec.Result == nil {
			rec.Result, err2 = result(dir, r.ID)
		}
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("completing the record of run %s: %w", r.ID, err)
		}
	}
	if err := l.replace(filepath.Join(dir, runFile), rec); err != nil {
		return fmt.Errorf("updating the record of run %s: %w", r.ID, err)
	}
	l.s.mu.Lock()
	delete(l.s.runs, dir)
	l.s.mu.Unlock()
	return nil
}

func (s *Store) runDir(experiment, id string) string {
	return filepath.Join(s.dir, "runs", safe(experiment), safe(id))
}

func ended(r plan.Run) bool { return r.Phase != v1alpha1.RunPending && r.Phase != v1alpha1.RunRunning }

// Runs lists the runs of an experiment, or of all when experiment is empty, oldest first.
func (s *Store) Runs(experiment string) ([]plan.Run, error) {
	experiments := []string{experiment}
	if experiment == "" {
		var err error
		if experiments, err = durable.Names(filepath.Join(s.dir, "runs")); err != nil {
			return nil, err
		}
		for i, e := range experiments {
			experiments[i] = named(e)
		}
	}
	var out []plan.Run
	for _, e := range experiments {
		ids, err := durable.Names(filepath.Join(s.dir, "runs", safe(e)))
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			r, err := s.readRun(s.runDir(e, named(id)))
			if errors.Is(err, fs.ErrNotExist) {
				continue // its creation was cut short, and is repeated
			}
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b plan.Run) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.Experiment, b.Experiment), strings.Compare(a.ID, b.ID))
	})
	return out, nil
}

// readRun reads a run with its claim and result. Ended runs are remembered, because they do not change.
func (s *Store) readRun(dir string) (plan.Run, error) {
	path := filepath.Join(dir, runFile)
	info, err := os.Stat(path)
	if err != nil {
		return plan.Run{}, err
	}
	s.mu.Lock()
	c, ok := s.runs[dir]
	s.mu.Unlock()
	if ok && os.SameFile(c.file, info) && c.file.ModTime().Equal(info.ModTime()) && c.file.Size() == info.Size() {
		return c.run, nil
	}
	var rec record
	if err := durable.ReadRecord(path, &rec); err != nil {
		return plan.Run{}, err
	}
	r := rec.Run
	r.Dir = dir
	r.Claim, err = durable.OptionalRecord[drivers.Claim](filepath.Join(dir, drivers.ClaimFile))
	if errors.Is(err, durable.ErrDamaged) {
		r.Claim, err = &drivers.Claim{}, nil // claimed by an agent that has not written its name, or could not
	}
	if err != nil {
		return r, err
	}
	if r.Result, err = result(dir, r.ID); err != nil {
		return r, err
	}
	if r.Result == nil {
		r.Result = rec.Result
	}
	if ended(r) {
		s.mu.Lock()
		s.runs[dir] = cachedRun{r, info}
		s.mu.Unlock()
	}
	return r, nil
}

// result reads a run's result; nil when there is none. The suite writes it whole, so a damaged one is an error of that
// run, not of the store.
func result(dir, id string) (*drivers.SuiteResult, error) {
	r, err := durable.OptionalRecord[drivers.SuiteResult](filepath.Join(dir, drivers.ResultFile))
	if errors.Is(err, durable.ErrDamaged) {
		return &drivers.SuiteResult{Run: id, Error: err.Error()}, nil
	}
	return r, err
}
