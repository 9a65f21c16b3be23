package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"assay/drivers"
	"assay/drivers/procid"
)

const (
	marker      = "ASSAY_JOB_NONCE=" // in the environment of everything that a job starts
	fenceWithin = 10 * time.Second   // a killed process that is still there by then does not end
)

// Fence kills what a job left behind, and then records the end of a job whose shepherd was killed. Only processes that
// this pid namespace can see are killed; a job that ran elsewhere is ErrUnavailable.
//
// A job whose folder was removed is fenced, too: its processes carry the nonce.
func (s *Scheduler) Fence(ctx context.Context, id drivers.JobID, nonce string) error {
	f, err := s.facts(string(id))
	known := err == nil && f.spec.Tag.Nonce == nonce
	if known {
		var j drivers.Job
		if j, err = s.job(string(id), f); err == nil && !j.State.Terminal() {
			return fmt.Errorf("ending what local job %s left behind: %w: the job is %s", id, drivers.ErrRejected, j.State)
		}
	}
	if err != nil && !absent(err) {
		return fmt.Errorf("ending what local job %s left behind: %w: %w", id, drivers.ErrUnavailable, err)
	}
	if err := killMarked(ctx, nonce); err != nil {
		return fmt.Errorf("ending what local job %s left behind: %w: %w", id, drivers.ErrUncertain, err)
	}
	if !known || f.end != nil {
		return nil
	}
	e := f.outcome()
	e.At = time.Now()
	if err := files.CreateRecord(filepath.Join(s.folder(string(id)), endFile), e, nil); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("recording the end of local job %s: %w: %w", id, drivers.ErrUnavailable, err)
	}
	return nil
}

// killMarked kills every process that carries the nonce in its environment, except this one, and returns once none is left.
func killMarked(ctx context.Context, nonce string) error {
	if nonce == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, fenceWithin)
	defer cancel()
	return procid.KillCarrying(ctx, marker+nonce)
}
