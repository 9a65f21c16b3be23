package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

// keepEnded is how many ended attempts of a seat the loop goes on reading; older ones move to the archive.
const keepEnded = 10

// Begin writes an intent, durably, and makes the job directory. The seat is occupied from then on.
func (l *Lease) Begin(a plan.Attempt) (plan.Attempt, error) {
	if err := l.Check(); err != nil {
		return a, err
	}
	before, err := l.s.Attempts()
	if err != nil {
		return a, err
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
	if err := l.s.fs.mkdir(filepath.Join(l.s.JobDir(a.Seat, a.Nonce), drivers.LogDir)); err != nil {
		return a, fmt.Errorf("making the job directory of seat %s: %w", a.Seat, err)
	}
	if err := l.s.fs.create(l.s.intentPath(a.Nonce), a); err != nil {
		return a, fmt.Errorf("noting the intent to fill seat %s: %w", a.Seat, err)
	}
	return a, nil
}

// Update replaces an attempt's record.
func (l *Lease) Update(a plan.Attempt) error {
	if err := l.Check(); err != nil {
		return err
	}
	if err := l.s.fs.replace(l.s.intentPath(a.Nonce), a); err != nil {
		return fmt.Errorf("noting what became of attempt %s: %w", a.Nonce, err)
	}
	if a.End != nil {
		return l.archive(a.Seat)
	}
	return nil
}

func (s *Store) intentPath(nonce string) string {
	return filepath.Join(s.dir, "intents", nonce+".json")
}

// Attempts lists the open attempts and the recent ended ones, oldest first. A damaged record is an error: what it
// describes may be running.
func (s *Store) Attempts() ([]plan.Attempt, error) {
	files, err := names(filepath.Join(s.dir, "intents"))
	if err != nil {
		return nil, err
	}
	var out []plan.Attempt
	for _, f := range files {
		var a plan.Attempt
		err := read(filepath.Join(s.dir, "intents", f), &a)
		if errors.Is(err, fs.ErrNotExist) {
			continue // archived since it was listed
		}
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b plan.Attempt) int {
		if c := a.Begun.Compare(b.Begun); c != 0 {
			return c
		}
		return strings.Compare(a.Nonce, b.Nonce)
	})
	return out, nil
}

// archive moves the older ended attempts of a seat away.
func (l *Lease) archive(seat drivers.Seat) error {
	all, err := l.s.Attempts()
	if err != nil {
		return err
	}
	ended := slices.DeleteFunc(all, func(a plan.Attempt) bool { return a.Seat != seat || a.End == nil })
	for _, a := range ended[:max(0, len(ended)-keepEnded)] {
		to := filepath.Join(l.s.dir, "archive", a.Nonce+".json")
		if err := l.s.fs.step("rename", func() error { return os.Rename(l.s.intentPath(a.Nonce), to) }); err != nil {
			return fmt.Errorf("archiving attempt %s: %w", a.Nonce, err)
		}
	}
	return nil
}
