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
// 3 a place has two seats; since 4 attempts that are begun together share a file.
const AttemptVersion = 4

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
	a = begun(a, last)
	a.Nonce = random(8)
	if err := l.makeJobDir(a); err != nil {
		return a, err
	}
	if err := l.writeAttempt(l.s.recording(), a); err != nil {
		return a, fmt.Errorf("recording the intent to fill seat %s: %w", a.Seat, err)
	}
	return a, nil
}

// begun is an attempt that follows the one with the number last.
func begun(a plan.Attempt, last int) plan.Attempt {
	a.Number = max(a.Number, last) + 1
	if a.Begun.IsZero() {
		a.Begun = time.Now()
	}
	return a
}

// makeJobDir comes before the intent, so that the seat of a damaged one can be told. The folder for logs is the agent's work.
func (l *Lease) makeJobDir(a plan.Attempt) error {
	if err := l.s.fleeting().MkdirAll(l.s.newJobDir(a.Seat, a.Nonce)); err != nil {
		return fmt.Errorf("making the job directory of seat %s: %w", a.Seat, err)
	}
	return nil
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
	err := l.archive(keepEnded, func(seat drivers.Seat) bool { return seat == a.Seat })
	if errors.Is(err, errBusy) {
		return nil // it is archived with a later one
	}
	return err
}

// writeAttempt adds a state to the record of an attempt that this process has written before, and otherwise, or when somebody
// else changed the file, writes it anew: then durably.
func (l *Lease) writeAttempt(w durable.Writer, a plan.Attempt) error {
	if name, _, ok := batchOf(a.Nonce); ok && a.Damaged == "" {
		if err := l.writeBatch(w, name, batchStates{Attempts: []plan.Attempt{a}}); !apart(err) {
			return err
		}
	}
	path := l.s.intentPath(a.Nonce)
	b, err := l.encode(a)
	if err != nil {
		return err
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
	all, _, _, err := s.attempts()
	return all, err
}

// attempts also returns the batches, by name, and those that are damaged and that nobody needs.
func (s *Store) attempts() (out []plan.Attempt, batches map[string]batchStates, spent []string, err error) {
	files, err := durable.Names(filepath.Join(s.dir, "intents"))
	if err != nil {
		return nil, nil, nil, err
	}
	var damages Damages
	own, together := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		nonce := named(strings.TrimSuffix(f, ".json"))
		if _, ok := batchCount(nonce); ok {
			together[nonce] = true
			continue
		}
		own[nonce] = true
		a, err := s.attempt(nonce)
		switch {
		case errors.Is(err, fs.ErrNotExist): // archived since it was listed
		case err != nil && contained(err):
			damages = append(damages, s.damagedIntent(nonce, err))
		case err != nil:
			return nil, nil, nil, fmt.Errorf("reading the attempts: %w", err)
		default:
			out = append(out, a)
		}
	}
	batches = map[string]batchStates{}
	for name := range together {
		b, err := s.readBatch(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // as above
		case err != nil && contained(err):
			lost := s.damagedBatch(name, own, err)
			if damages = append(damages, lost...); len(lost) == 0 {
				spent = append(spent, name)
			}
		case err != nil:
			return nil, nil, nil, fmt.Errorf("reading the attempts: %w", err)
		default:
			for _, a := range b.Attempts {
				if own[a.Nonce] {
					b.own = append(b.own, a.Nonce)
				} else {
					out = append(out, a)
				}
			}
			batches[name] = b
		}
	}
	slices.SortFunc(out, older)
	slices.SortFunc(damages, func(a, b Damage) int { return strings.Compare(a.Attempt.Nonce, b.Attempt.Nonce) })
	return out, batches, spent, damages.or()
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
	if err := l.moveToArchive(a); err != nil {
		if !errors.Is(err, errBusy) {
			l.journal.doubt()
		}
		return fmt.Errorf("archiving attempt %s: %w", a.Nonce, err)
	}
	l.journal.drop(a)
	l.s.mu.Lock()
	delete(l.s.ended, a.Nonce)
	l.s.mu.Unlock()
	return nil
}

// moveToArchive leaves a record at one of the two places, whenever it is interrupted. One of its own hides what its batch says,
// so it goes last.
func (l *Lease) moveToArchive(a plan.Attempt) error {
	from, to := l.s.intentPath(a.Nonce), filepath.Join(l.s.dir, "archive", safe(a.Nonce)+".json")
	name, _, ok := batchOf(a.Nonce)
	if !ok {
		return gone(l.rename(from, to))
	}
	alone := !l.journal.shared(name, a.Nonce)
	if !alone {
		b, err := l.encode(a)
		if err == nil {
			err = l.s.fs.Replace(to, b, l.Check)
		}
		if err != nil {
			return err
		}
	}
	if err := l.leave(name, a.Nonce); err != nil || !alone {
		return err
	}
	return gone(l.rename(from, to))
}

// gone takes a file that is not there any more for moved.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// archiveAll moves the ended attempts of an experiment to the archive.
func (l *Lease) archiveAll(experiment string) error {
	return l.archive(0, func(seat drivers.Seat) bool { return seat.Experiment == experiment })
}
