package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"assay/drivers/durable"
)

// TestKilledBetweenAnyTwoCalls kills a controller at every moment of its life, and its successor at another one; the
// third one always ends with exactly what one undisturbed life leaves.
func TestKilledBetweenAnyTwoCalls(t *testing.T) {
	const lives = 2 // side by side; each process is a short one
	for part := range lives {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for k := part + 1; ; k += lives {
				dir := filepath.Join(memory(t), "state")
				if !killed(t, process(t, "live", dir, k)) {
					if k < 50 {
						t.Errorf("a life has only %d moments: the hook is not called", k)
					}
					return
				}
				undamaged(t, dir, k)
				killed(t, process(t, "live", dir, k%17+1))
				undamaged(t, dir, k)
				if killed(t, process(t, "live", dir, 0)) {
					t.Fatal("killed by somebody else")
				}
				complete(t, dir, k)
			}
		})
	}
}

// memory is a folder for many syncs that mean nothing to a process that is killed: in memory, where there is such a place.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "assay-store-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	return dir
}

// killed runs a process and reports whether it was killed; any other failure is one of the test.
func killed(t *testing.T, c *exec.Cmd) bool {
	t.Helper()
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signal() == syscall.SIGKILL {
			return true
		}
	}
	if err != nil {
		t.Fatalf("%v: %v: %s", c.Args, err, out)
	}
	return false
}

// undamaged checks what must hold at any moment: everything can be read, and the seat has at most one attempt.
func undamaged(t *testing.T, dir string, k int) {
	t.Helper()
	s := open(t, dir)
	readAll(t, s)
	attempts, err := s.Attempts()
	check(t, err)
	if len(attempts) > 1 {
		t.Fatalf("killed at %d: %d attempts of one seat", k, len(attempts))
	}
	for _, a := range attempts {
		if _, err := os.Stat(s.JobDir(a.Seat, a.Nonce)); err != nil {
			t.Errorf("killed at %d: an attempt without its job directory: %v", k, err)
		}
	}
}

func complete(t *testing.T, dir string, k int) {
	t.Helper()
	s := open(t, dir)
	attempts, err1 := s.Attempts()
	runs, err2 := s.Runs("exp")
	history, err3 := s.History("exp")
	st, said, err4 := s.Status("exp")
	events, err5 := s.Events("exp")
	h, alive, err6 := s.Holder() // before this test takes the lease
	check(t, errors.Join(err1, err2, err3, err4, err5, err6))
	if len(attempts) != 1 || attempts[0].End == nil || attempts[0].JobID != "17" || attempts[0].Number != 1 {
		t.Errorf("killed at %d: attempts %+v", k, attempts)
	}
	if len(runs) != 1 || runs[0].Phase != "Complete" || runs[0].Ended.IsZero() {
		t.Errorf("killed at %d: runs %+v", k, runs)
	}
	l := acquire(t, s)
	seen, err := l.SeeRuns([]string{"exp"})
	check(t, errors.Join(err, l.Release()))
	if marks, err := durable.Names(filepath.Join(dir, "active")); err != nil || len(seen.Open) != 0 || seen.Past["exp"].Len() != 1 || len(marks) != 0 {
		t.Errorf("killed at %d: %d open runs, %d ended, markers %q, %v", k, len(seen.Open), seen.Past["exp"].Len(), marks, err)
	}
	if lines, err := s.Finished("exp"); err != nil || len(lines) != 1 || lines[0].ID != "b-1" {
		t.Errorf("killed at %d: lines %+v, %v", k, lines, err)
	}
	if len(history) != 1 || history[0].Generation != 1 || !said || st.Generation != 1 {
		t.Errorf("killed at %d: %d revisions, status %+v", k, len(history), st)
	}
	if len(events) == 0 || !h.Released || alive {
		t.Errorf("killed at %d: %d events, lease %+v", k, len(events), h)
	}
	bins, err := filepath.Glob(filepath.Join(dir, "bin", "*", "assay"))
	check(t, err)
	if len(bins) != 1 {
		t.Errorf("killed at %d: binaries %q", k, bins)
	}
}

func TestRevisionsOfManyProcessesAreAllKept(t *testing.T) {
	const writers = 5
	dir := t.TempDir()
	var all []*exec.Cmd
	for n := range writers {
		c := process(t, "accept", dir, n)
		c.Stderr = os.Stderr
		check(t, c.Start())
		all = append(all, c)
	}
	for _, c := range all {
		check(t, c.Wait())
	}
	history, err := open(t, dir).History("exp")
	check(t, err)
	seen := map[string]bool{}
	for i, r := range history {
		if r.Generation != int64(i+1) {
			t.Errorf("revision %d has generation %d", i+1, r.Generation)
		}
		seen[r.Origin.Path] = true
	}
	if len(history) != writers*20 || len(seen) != writers*20 {
		t.Errorf("%d revisions, %d different ones; want %d", len(history), len(seen), writers*20)
	}
}

func TestOneProcessHoldsTheLease(t *testing.T) {
	const holders = 5
	dir := t.TempDir()
	results := make(chan error, holders)
	for n := range holders {
		c := process(t, "lease", dir, n)
		go func() {
			out, err := c.CombinedOutput()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
				err = nil
			} else {
				err = fmt.Errorf("%v: %s", err, out)
			}
			results <- err
		}()
	}
	for range holders {
		check(t, <-results)
	}
	won, err := filepath.Glob(filepath.Join(dir, "epoch-*"))
	check(t, err)
	if len(won) != holders*5 {
		t.Errorf("%d epochs were won, want %d", len(won), holders*5)
	}
}
