package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// keepEnded is how many ended attempts of a seat the loop continues to read; older ones move to the archive.
const keepEnded = 10

// Begin writes an intent, durably, and makes the job directory. The seat is occupied from then on.
func (l *Lease) Begin(a plan.Attempt) (plan.Attempt, error) {
	before, err := l.s.Attempts()
	damages, err := Tolerate(err)
	if err != nil {
		return a, err
	}
	for _, d := range damages {
		if d.Attempt.Nonce != "" && d.Experiment == a.Seat.Experiment {
			return a, fmt.Errorf("filling seat %s: a damaged record may be of a job that fills it: %w: %w", a.Seat, d.Err, drivers.ErrRejected)
		}
	}
	for _, b := range before {
		if b.Seat != a.Seat {
			continue
		}
		if b.End == nil {
			return a, fmt.Errorf("seat %s is occupied by attempt %s: %w", a.Seat, b.Nonce, drivers.ErrRejected)
		}
		a.Number = max(a.Number, b.Number)
	}
	a.Number++
	a.Nonce = random(8)
	if a.Begun.IsZero() {
		a.Begun = time.Now()
	}
	if err := l.s.fs.MkdirAll(filepath.Join(l.s.JobDir(a.Seat, a.Nonce), drivers.LogDir)); err != nil {
		return a, fmt.Errorf("making the job directory of seat %s: %w", a.Seat, err)
	}
	if err := l.create(l.s.intentPath(a.Nonce), a); err != nil {
		return a, fmt.Errorf("recording the intent to fill seat %s: %w", a.Seat, err)
	}
	return a, nil
}

// Update replaces an attempt's record.
func (l *Lease) Update(a plan.Attempt) error {
	if a.Damaged != "" {
		if err := l.setAside(l.s.intentPath(a.Nonce)); err != nil {
			return err
		}
	}
	if err := l.replace(l.s.intentPath(a.Nonce), a); err != nil {
		return fmt.Errorf("updating the record of attempt %s: %w", a.Nonce, err)
	}
	if a.End == nil {
		return nil
	}
	l.s.mu.Lock()
	delete(l.s.ended, a.Nonce)
	l.s.mu.Unlock()
	return l.archive(keepEnded, func(b plan.Attempt) bool { return b.Seat == a.Seat })
}

func (s *Store) intentPath(nonce string) string {
	return filepath.Join(s.dir, "intents", safe(nonce)+".json")
}

// Attempts lists the open attempts and the recent ended ones, oldest first. Those whose record is damaged are in the error, a
// Damages: their jobs may be running.
func (s *Store) Attempts() ([]plan.Attempt, error) {
	files, err := durable.Names(filepath.Join(s.dir, "intents"))
	if err != nil {
		return nil, err
	}
	var out []plan.Attempt
	var damages Damages
	for _, f := range files {
		nonce := named(strings.TrimSuffix(f, ".json"))
		a, err := s.attempt(nonce)
		switch {
		case errors.Is(err, fs.ErrNotExist): // archived since it was listed
		case err != nil && contained(err):
			damages = append(damages, s.damagedIntent(nonce, err))
		case err != nil:
			return nil, fmt.Errorf("reading the attempts: %w", err)
		default:
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b plan.Attempt) int {
		return cmp.Or(a.Begun.Compare(b.Begun), strings.Compare(a.Nonce, b.Nonce))
	})
	return out, damages.or()
}

// attempt reads one record. The record of an ended attempt is read once and then remembered.
func (s *Store) attempt(nonce string) (plan.Attempt, error) {
	s.mu.Lock()
	a, ok := s.ended[nonce]
	s.mu.Unlock()
	if ok {
		return a, nil
	}
	path := s.intentPath(nonce)
	if err := durable.ReadRecord(path, &a); err != nil {
		return a, err
	}
	if a.Nonce != nonce {
		return a, durable.Damaged(path, fmt.Errorf("it describes attempt %q", a.Nonce))
	}
	if a.End != nil {
		s.mu.Lock()
		s.ended[nonce] = a
		s.mu.Unlock()
	}
	return a, nil
}

// archive moves ended attempts to the archive, all but the newest.
func (l *Lease) archive(keep int, which func(plan.Attempt) bool) error {
	all, err := l.s.Attempts()
	if _, err = Tolerate(err); err != nil { // a damaged one stays where it is
		return err
	}
	ended := slices.DeleteFunc(all, func(a plan.Attempt) bool { return a.End == nil || !which(a) })
	for _, a := range ended[:max(0, len(ended)-keep)] {
		to := filepath.Join(l.s.dir, "archive", safe(a.Nonce)+".json")
		if err := l.rename(l.s.intentPath(a.Nonce), to); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("archiving attempt %s: %w", a.Nonce, err)
		}
		l.s.mu.Lock()
		delete(l.s.ended, a.Nonce)
		l.s.mu.Unlock()
	}
	return nil
}

// archiveAll moves the ended attempts of an experiment to the archive.
func (l *Lease) archiveAll(experiment string) error {
	return l.archive(0, func(a plan.Attempt) bool { return a.Seat.Experiment == experiment })
}
