package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/each"
	"assay/reconciler/plan"
)

const runFile = "run.json"

// record is run.json: the run, and once it has ended also its request and result, so that the file is complete by itself.
type record struct {
	plan.Run
	Request *drivers.SuiteRequest `json:"request,omitempty"`
	Result  *drivers.SuiteResult  `json:"result,omitempty"`
}

// CreateRun records a run and its request, before any agent should run it. A run that exists already is returned as it is.
//
// The request is written first, then the marker that says that the run is open: once run.json exists the run does, and is
// complete. A marker without run.json means nothing.
func (l *Lease) CreateRun(r plan.Run, req drivers.SuiteRequest) (plan.Run, error) {
	r.Dir = l.s.runDir(r.Experiment, r.ID)
	if err := l.s.fs.MkdirAll(r.Dir); err != nil {
		return r, fmt.Errorf("making the directory of run %s: %w", r.ID, err)
	}
	_, err := durable.Stat(filepath.Join(r.Dir, runFile))
	if errors.Is(err, fs.ErrNotExist) {
		if err := l.replace(filepath.Join(r.Dir, drivers.RequestFile), req); err != nil {
			return r, fmt.Errorf("writing the request of run %s: %w", r.ID, err)
		}
		if err = l.mark(r); err == nil {
			err = l.create(filepath.Join(r.Dir, runFile), record{Run: r})
		}
	} else if err == nil {
		err = fs.ErrExist
	}
	if errors.Is(err, fs.ErrExist) {
		known, bad := l.s.readRun(r.Dir)
		if errors.Is(bad, durable.ErrDamaged) { // who executed it is in its claim, and what came of it in its result
			if bad = l.setAside(filepath.Join(r.Dir, runFile)); bad == nil {
				bad = l.replace(filepath.Join(r.Dir, runFile), record{Run: r})
			}
			known = r
		}
		r, err = known, bad
	}
	if err == nil {
		err = l.runs.note(r)
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

// UpdateRun replaces a run's record, which holds the request and result too once the run has ended. Then the run is summed
// up for good: one line in its experiment's segments.
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
	clean, err := l.s.hide(rec)
	if err == nil {
		rec = clean.(record)
		r = rec.Run
		err = l.replace(filepath.Join(dir, runFile), rec)
	}
	if err == nil {
		r.Dir, r.Result = dir, rec.Result
		err = l.runs.note(r)
	}
	if err != nil {
		return fmt.Errorf("updating the record of run %s: %w", r.ID, err)
	}
	return nil
}

// SetAside changes how a run ended that was summed up already: it does not count any more.
func (l *Lease) SetAside(experiment, id, phase string, reason plan.Reason, message string) error {
	r, err := l.s.recorded(experiment, id)
	if err != nil {
		return fmt.Errorf("setting run %s aside: %w", id, err)
	}
	r.Phase, r.Reason, r.Message = phase, reason, message
	return l.UpdateRun(r)
}

// mark writes the marker of an open run.
func (l *Lease) mark(r plan.Run) error {
	return l.replace(l.s.marker(r.Experiment, r.ID), record{Run: r})
}

// marker is the file that says that a run is open: active/<experiment>.<run>. It holds the run as it was created.
func (s *Store) marker(experiment, id string) string {
	return filepath.Join(s.dir, "active", strings.ReplaceAll(safe(experiment), ".", "%2E")+"."+safe(id))
}

func (s *Store) runDir(experiment, id string) string {
	return filepath.Join(s.dir, "runs", safe(experiment), safe(id))
}

func ended(r plan.Run) bool { return r.Phase != v1alpha1.RunPending && r.Phase != v1alpha1.RunRunning }

// summed reports whether a run is over for good, so that its line is written and it is not looked at again.
func summed(r plan.Run) bool { return ended(r) && !r.Open }

func olderRun(a, b plan.Run) int {
	return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.Experiment, b.Experiment), strings.Compare(a.ID, b.ID))
}

// RunExperiments are the experiments that have runs, by name: also those that are not declared any more.
func (s *Store) RunExperiments() ([]string, error) {
	names, err := durable.Names(filepath.Join(s.dir, "runs"))
	for i, name := range names {
		names[i] = named(name)
	}
	return names, err
}

// Runs lists the runs of an experiment in full, or of all when experiment is empty, oldest first. It reads every run's
// folder: a pass uses SeeRuns. Damaged ones are in the error, a Damages.
func (s *Store) Runs(experiment string) ([]plan.Run, error) {
	experiments := []string{experiment}
	if experiment == "" {
		var err error
		if experiments, err = s.RunExperiments(); err != nil {
			return nil, err
		}
	}
	var out []plan.Run
	var damages Damages
	for _, e := range experiments {
		ids, err := durable.Names(filepath.Join(s.dir, "runs", safe(e)))
		if err != nil {
			damages = append(damages, Damage{Experiment: e, Err: err})
		}
		for i, id := range ids {
			ids[i] = named(id)
		}
		runs, err := s.RunsByID(e, ids)
		bad, err := Tolerate(err)
		if err != nil {
			return nil, err
		}
		lines := s.readableLines(e)
		for i, r := range runs {
			runs[i] = lines[r.ID].overrules(r)
		}
		out, damages = append(out, runs...), append(damages, bad...)
	}
	slices.SortFunc(out, olderRun)
	return out, damages.or()
}

// RunsByID reads some runs of an experiment in full, as their records have them, in that order. Those that are not there are
// left out: their creation was cut short, or they were removed. Damaged ones are in the error, a Damages.
func (s *Store) RunsByID(experiment string, ids []string) (out []plan.Run, err error) {
	runs, errs := make([]plan.Run, len(ids)), make([]error, len(ids))
	each.Do(readers, len(ids), func(i int) { runs[i], errs[i] = s.recorded(experiment, ids[i]) })
	var damages Damages
	for i, err := range errs {
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil && contained(err):
			damages = append(damages, Damage{Experiment: experiment, Err: fmt.Errorf("reading run %s: %w", ids[i], err)})
		case err != nil:
			return nil, err
		default:
			out = append(out, runs[i])
		}
	}
	return out, damages.or()
}

// Run reads one run in full: fs.ErrNotExist when there is none. Of one that has ended and whose record is damaged, or is an
// older one, it is what the segments and its result say.
func (s *Store) Run(experiment, id string) (plan.Run, error) {
	r, err := s.recorded(experiment, id)
	if err != nil || !summed(r) {
		return r, err
	}
	return s.readableLines(experiment)[id].overrules(r), nil
}

// recorded is Run without a look at the segments where the record says that the run has ended: it may be one from before the
// run was set aside.
func (s *Store) recorded(experiment, id string) (plan.Run, error) {
	r, err := s.readRun(s.runDir(experiment, id))
	if errors.Is(err, durable.ErrDamaged) || err == nil && s.outdated(r) {
		if line, ok := s.readableLines(experiment)[id]; ok {
			r = line.Run
			r.Dir = s.runDir(experiment, id)
			err = readReport(&r)
		}
	}
	return r, err
}

// outdated reports whether the record of a run says that it is open although it has no marker any more: an older one was put
// in its place.
func (s *Store) outdated(r plan.Run) bool {
	if summed(r) {
		return false
	}
	_, err := durable.Stat(s.marker(r.Experiment, r.ID))
	return errors.Is(err, fs.ErrNotExist)
}

// readRun reads a run with its claim and result.
func (s *Store) readRun(dir string) (plan.Run, error) {
	r, err := s.readRecord(dir)
	if err != nil {
		return r, err
	}
	kept := r.Result
	if err = readReport(&r); r.Result == nil {
		r.Result = kept
	}
	return r, err
}

// readRecord reads run.json, which holds the result of a run that has ended.
func (s *Store) readRecord(dir string) (plan.Run, error) {
	var rec record
	if err := durable.ReadRecord(filepath.Join(dir, runFile), &rec); err != nil {
		return plan.Run{}, err
	}
	r := rec.Run
	r.Dir, r.Result = dir, rec.Result
	return r, nil
}

// readReport reads what the agent and the suite have written about a run.
func readReport(r *plan.Run) (err error) {
	if r.Claim == nil || r.Claim.Nonce == "" { // it is written once
		r.Claim, err = durable.OptionalRecord[drivers.Claim](filepath.Join(r.Dir, drivers.ClaimFile))
	}
	if errors.Is(err, durable.ErrDamaged) {
		r.Claim, err = &drivers.Claim{}, nil // claimed by an agent that has not written its name, or could not
	}
	if err == nil {
		r.Result, err = result(r.Dir, r.ID)
	}
	return err
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
