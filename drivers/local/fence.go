package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"assay/drivers"
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

// killMarked kills every process that carries the nonce in its environment, except this one. That includes processes
// that left the job's process group, and those in a pid namespace below this one. It returns once none is left.
func killMarked(ctx context.Context, nonce string) error {
	if nonce == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, fenceWithin)
	defer cancel()
	for {
		left := killOnce(nonce)
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes %v were killed and have not ended; see why with: ps -o pid,stat,wchan,args -p %d", left, left[0])
		case <-time.After(5 * time.Millisecond): // some may have forked meanwhile
		}
	}
}

// killOnce kills the processes that carry the nonce now and returns their pids.
func killOnce(nonce string) (found []int) {
	procs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, p := range procs {
		pid, err := strconv.Atoi(filepath.Base(p))
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile(filepath.Join(p, "environ")) // empty once a process is ending
		if err == nil && bytes.Contains(append([]byte{0}, env...), []byte("\x00"+marker+nonce+"\x00")) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // one that has just ended needs no kill
			found = append(found, pid)
		}
	}
	return found
}
