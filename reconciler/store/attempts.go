package store

import (
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

// AttemptVersion is the version of the records of attempts. Since 2 later states follow the first one in the same file; since
// 3 a place has two seats.
const AttemptVersion = 3

// mostStates bounds the file of an attempt, in bytes: beyond it is written anew.
const mostStates = 32 << 10

// keepEnded is how many ended attempts of a seat the loop continues to read; older ones move to the archive.
const keepEnded = 10

// Begin writes an intent, durably, and makes the job directory. The seat is occupied from then on.
func (l *Lease) Begin(a plan.Attempt) (plan.Attempt, error) {
	last, free, err := l.reserve(a.Seat)
	if err != nil {
		return a, err
	}
	defer free()
	a.Number = max(a.Number, last) + 1
	a.Nonce = random(8)
	if a.Begun.IsZero() {
		a.Begun = time.Now()
	}
	if err := l.s.fleeting().MkdirAll(filepath.Join(l.s.JobDir(a.Seat, a.Nonce), drivers.LogDir)); err != nil {
		return a, fmt.Errorf("making the job directory of seat %s: %w", a.Seat, err)
	}
	if err := l.writeAttempt(l.s.recording(), a); err != nil {
		return a, fmt.Errorf("recording the intent to fill seat %s: %w", a.Seat, err)
	}
	return a, nil
}

// Acknowledge notes the scheduler's answer in an attempt's record. A power cut can take the note, as a crash just before it
// does: then the job is found by its nonce.
func (l *Lease) Acknowledge(a plan.Attempt) error {
	w := l.s.recording()
	w.NoSync = true
	return l.update(w, a)
}

// Update changes an attempt's record, durably.
func (l *Lease) Update(a plan.Attempt) error { return l.update(l.s.recording(), a) }

func (l *Lease) update(w durable.Writer, a plan.Attempt) error {
	if a.Damaged != "" {
		if err := l.setAside(l.s.intentPath(a.Nonce)); err != nil {
			return err
		}
	}
	if err := l.writeAttempt(w, a); err != nil {
		return fmt.Errorf("updating the record of attempt %s: %w", a.Nonce, err)
	}
	if a.End == nil {
		return nil
	}
	l.s.mu.Lock()
	delete(l.s.ended, a.Nonce)
	l.s.mu.Unlock()
	return l.archive(keepEnded, func(seat drivers.Seat) bool { return seat == a.Seat })
}

// writeAttempt adds a state to the record of an attempt that this process has written before, and otherwise, or when somebody
// else changed the file, writes it anew: then durably.
func (l *Lease) writeAttempt(w durable.Writer, a plan.Attempt) error {
	path := l.s.intentPath(a.Nonce)
	clean, err := l.s.hide(a)
	if err != nil {
		return err
	}
	b, err := durable.EncodeVersion(clean, AttemptVersion)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", path, err)
	}
	size := l.journal.size(a.Nonce)
	anew := size == 0 || a.Damaged != "" || size+int64(len(b)) > mostStates
	if !anew {
		err = w.Extend(path, size, b, l.Check)
		anew = errors.Is(err, durable.ErrChanged) || errors.Is(err, fs.ErrNotExist)
	}
	if anew {
		size, err = 0, l.s.recording().Replace(path, b, l.Check)
	}
	if err != nil {
		l.journal.doubt()
		return err
	}
	l.journal.note(a, size+int64(len(b)))
	return nil
}

// recording writes attempts: many at a time, which share the fsync of their folder.
func (s *Store) recording() durable.Writer {
	w := s.fs
	w.Together = &s.syncs
	return w
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
	slices.SortFunc(out, older)
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
	if _, err := durable.ReadVersion(path, &a, AttemptVersion); err != nil {
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

// archive moves the ended attempts of each seat that matches to the archive, all but the newest.
func (l *Lease) archive(keep int, which func(drivers.Seat) bool) error {
	old, err := l.surplus(keep, which)
	if err != nil {
		return err
	}
	for _, a := range old {
		if err := l.archiveOne(a); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lease) archiveOne(a plan.Attempt) error {
	to := filepath.Join(l.s.dir, "archive", safe(a.Nonce)+".json")
	if err := l.rename(l.s.intentPath(a.Nonce), to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.journal.doubt()
		return fmt.Errorf("archiving attempt %s: %w", a.Nonce, err)
	}
	l.journal.drop(a)
	l.s.mu.Lock()
	delete(l.s.ended, a.Nonce)
	l.s.mu.Unlock()
	return nil
}

// archiveAll moves the ended attempts of an experiment to the archive.
func (l *Lease) archiveAll(experiment string) error {
	return l.archive(0, func(seat drivers.Seat) bool { return seat.Experiment == experiment })
}
