package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// helperEnv makes the test binary play one process of a test: "<role> <dir> <number>".
const helperEnv = "ASSAY_STORE_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(helperEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	n, err := strconv.Atoi(os.Args[2])
	if err == nil {
		err = map[string]func(string, int) error{"live": liveOnce, "accept": acceptMany, "lease": leaseMany}[role](os.Args[1], n)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// process prepares this test binary as another process of that role. It cannot outlive the test by more than a minute.
func process(t *testing.T, role, dir string, n int) *exec.Cmd {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, os.Args[0], dir, strconv.Itoa(n))
	c.Env = append(os.Environ(), helperEnv+"="+role)
	return c
}

// liveOnce is a controller's life: level-triggered, so that doing it again after a kill finishes what was begun. It
// is killed at the n-th moment before or after a system call; never if n is 0.
func liveOnce(dir string, n int) error {
	s, err := Open(dir, Options{Hook: killAt(n)})
	if err != nil {
		return err
	}
	rev, _, err := s.Accept(revision("exp", "a"))
	if err != nil {
		return err
	}
	l, err := s.Acquire(context.Background(), "live", 0)
	if err != nil {
		return err
	}
	return errors.Join(fill(s, l), measure(s, l), publish(s, l, rev.Generation), l.Release())
}

func killAt(n int) func(string) {
	calls := 0
	return func(string) {
		if calls++; calls == n {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
}

// fill fills one seat with one attempt and closes it, whatever of that is still to do.
func fill(s *Store, l *Lease) error {
	all, err := s.Attempts()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		a, err := l.Begin(plan.Attempt{Seat: seat})
		if err != nil {
			return err
		}
		all = append(all, a)
	}
	a := all[0]
	if a.End != nil {
		return nil
	}
	_, err1 := l.WriteDesired(seat, a.Nonce, drivers.AgentDesired{ExitWhenDone: true})
	a.JobID = "17"
	err2 := l.Update(a)
	a.End = &plan.End{State: drivers.JobCompleted}
	return errors.Join(err1, err2, l.Update(a))
}

func measure(s *Store, l *Lease) error {
	r, err := l.CreateRun(plan.Run{ID: "b-1", Experiment: "exp", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{Run: "b-1"})
	if err != nil || r.Phase == v1alpha1.RunComplete {
		return err
	}
	r.Phase, r.Ended = v1alpha1.RunComplete, time.Unix(1, 0)
	return l.UpdateRun(r)
}

func publish(s *Store, l *Lease, generation int64) error {
	err1 := l.PutStatus(v1alpha1.ExperimentStatus{Name: "exp", Generation: generation})
	err2 := l.PutTargets([]drivers.Target{{ID: "a", URL: "http://h:1/m"}})
	err3 := l.Emit(Event{Experiment: "exp", Object: "service/llm", Reason: "Done", Message: "m"})
	_, err4 := s.InstallBinary("doc.go") // any file will do
	return errors.Join(err1, err2, err3, err4, l.Renew())
}

// acceptMany accepts 20 revisions of its own.
func acceptMany(dir string, n int) error {
	s, err := Open(dir, Options{NoSync: true})
	if err != nil {
		return err
	}
	for i := range 20 {
		if _, _, err := s.Accept(revision("exp", fmt.Sprintf("%d-%d", n, i))); err != nil {
			return err
		}
	}
	return nil
}

// leaseMany takes the lease 5 times and is alone each time. It is killed while it holds the last one.
func leaseMany(dir string, n int) error {
	s, err := Open(dir, Options{NoSync: true})
	if err != nil {
		return err
	}
	for i := range 5 {
		l, err := acquireSoon(s)
		if err != nil {
			return err
		}
		mark := filepath.Join(dir, "alone")
		f, err := os.OpenFile(mark, os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("two hold the lease: %w", err)
		}
		epoch, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("epoch-%d", l.Epoch())), os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("one epoch was won twice: %w", err)
		}
		time.Sleep(time.Millisecond) // so that others try meanwhile
		if err := errors.Join(f.Close(), epoch.Close(), l.Check(), os.Remove(mark)); err != nil {
			return err
		}
		if i == 4 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		if err := l.Release(); err != nil {
			return err
		}
	}
	return nil
}

func acquireSoon(s *Store) (*Lease, error) {
	deadline := time.Now().Add(30 * time.Second)
	for {
		l, err := s.Acquire(context.Background(), "race", 0)
		var held *HeldError
		if !errors.As(err, &held) || time.Now().After(deadline) {
			return l, err
		}
		time.Sleep(time.Millisecond)
	}
}
