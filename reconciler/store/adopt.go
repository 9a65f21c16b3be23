package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// Adoption is what adopting a state directory here would change.
type Adoption struct {
	Wrong       *PlaceError    // nil: nothing contradicts, so there is nothing to adopt
	Experiments []string       // declared at present
	Jobs        []plan.Attempt // which count as running, or may run
	Visible     bool           // the directory that this one was copied from can be seen from here
}

// Adoption says what adopting would change. It has no effects.
func (s *Store) Adoption(here drivers.Place) (Adoption, error) {
	var a Adoption
	known, _, err := s.known()
	if err != nil && !errors.As(err, &a.Wrong) {
		return a, err
	}
	if err := s.judge(known, here); err != nil && !errors.As(err, &a.Wrong) {
		return a, err
	}
	for _, k := range known {
		a.Visible = a.Visible || s.elsewhere(k.Dir)
	}
	heads, err := s.Heads()
	for _, h := range heads {
		a.Experiments = append(a.Experiments, h.Experiment)
	}
	damages, err := Tolerate(err)
	if err != nil {
		return a, err
	}
	for _, d := range damages {
		a.Experiments = append(a.Experiments, d.Experiment)
	}
	all, err := s.attemptsAndDamaged()
	for _, at := range all {
		if at.End == nil {
			a.Jobs = append(a.Jobs, at)
		}
	}
	return a, err
}

// Adopt makes the state directory a new one that belongs to here: it gets another id, so every job of the old id is a
// stranger, and its records of running jobs are closed, so that none is cancelled or replaced from here. Nothing is
// declared afterwards; history, runs and logs stay readable. Cut short, it can be made again.
func (l *Lease) Adopt(here drivers.Place) error {
	if err := l.disown(); err != nil {
		return fmt.Errorf("adopting the state directory: %w", err)
	}
	id := random(6)
	err := l.s.fs.Replace(filepath.Join(l.s.dir, idFile), fmt.Appendf(nil, "%q\n", id), l.Check)
	if err == nil {
		l.s.id = id
		err = l.Keep(here)
	}
	if err != nil {
		return fmt.Errorf("adopting the state directory: %w", err)
	}
	return nil
}

// Keep records that the state directory belongs to here, with its id and its jobs: it was moved or restored, or its site,
// its cluster or its user has another name now.
func (l *Lease) Keep(here drivers.Place) error {
	mine, err := l.s.describe(here)
	if err == nil {
		err = l.s.writeIdentity(mine, l.s.fs.Replace, l.Check)
	}
	return recording(err)
}

// disown closes everything that could have an effect on what the old id owns.
func (l *Lease) disown() error {
	const why = "its job stays with the state directory that this one was copied from, or with the place that it was used at"
	now := time.Now()
	attempts, err := l.s.attemptsAndDamaged()
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.End != nil {
			continue
		}
		a.End = &plan.End{State: drivers.JobVanished, Reason: plan.Disowned, Message: why, At: now}
		if err := l.Update(a); err != nil {
			return err
		}
	}
	runs, err := l.s.Runs("")
	if _, err = Tolerate(err); err != nil { // a damaged one has no effect
		return err
	}
	for _, r := range runs {
		if ended(r) {
			continue
		}
		r.Phase, r.Reason, r.Message, r.Ended = v1alpha1.RunLost, plan.Disowned, why, now
		if err := l.UpdateRun(r); err != nil {
			return err
		}
	}
	folders, err := l.s.Folders()
	if _, err = Tolerate(err); err != nil {
		return err
	}
	for _, f := range folders {
		if err := l.DropFolder(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return l.undeclare()
}

// undeclare forgets every experiment, as a deletion does once its jobs have ended.
func (l *Lease) undeclare() error {
	heads, err := l.s.Heads()
	damages, err := Tolerate(err)
	if err != nil {
		return err
	}
	for _, d := range damages {
		heads = append(heads, Revision{Experiment: d.Experiment})
	}
	for _, h := range heads {
		h.Deleting, h.Prune, h.Origin = true, true, drivers.Origin{Source: "adopt", Time: time.Now()}
		if _, _, err := l.s.Accept(h); err != nil {
			return err
		}
		if err := l.s.Forget(l, h.Experiment); err != nil {
			return err
		}
	}
	return nil
}
