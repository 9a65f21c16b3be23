package local

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"assay/drivers"
)

// Cancel asks the job's shepherd to end it, if id still carries nonce. A job that cannot be seen from here is
// ErrUnavailable.
func (s *Scheduler) Cancel(ctx context.Context, id drivers.JobID, nonce string) error {
	j, err := s.read(string(id))
	if over(j, err, nonce) {
		return nil
	}
	if err == nil {
		err = files.ReplaceRecord(filepath.Join(s.folder(string(id)), cancelFile), cancelled{time.Now()}, nil)
	}
	if err != nil {
		return fmt.Errorf("cancelling local job %s: %w: %w", id, drivers.ErrUnavailable, err)
	}
	return nil
}

// Reconfigure changes the time limit, which the shepherd reads again and again.
func (s *Scheduler) Reconfigure(ctx context.Context, id drivers.JobID, nonce string, c drivers.Change) error {
	j, err := s.read(string(id))
	if over(j, err, nonce) {
		return fmt.Errorf("changing local job %s: %w: it has ended", id, drivers.ErrRejected)
	}
	if err == nil && c.Time != nil {
		err = files.ReplaceRecord(filepath.Join(s.folder(string(id)), limitFile), limit{*c.Time}, nil)
	}
	if err != nil {
		return fmt.Errorf("changing local job %s: %w: %w", id, drivers.ErrUnavailable, err)
	}
	return nil
}

// over reports whether the job of that nonce has ended or does not exist, given what read returned. A job that cannot
// be seen is not over.
func over(j drivers.Job, err error, nonce string) bool {
	known := j.ID != ""
	return absent(err) || known && j.Tag.Nonce != nonce || err == nil && j.State.Terminal()
}
