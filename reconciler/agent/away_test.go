package agent

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
)

// TestAServerWaitsForTheFileSystem: one that ends while its job's folder is away is started again once it is back. It is not
// given up, nothing is made in its place, and the job is kept.
func TestAServerWaitsForTheFileSystem(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	p := j.server("a", "serve", "f1")
	p.Data = filepath.Join(j.dir, "data", "0")
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
	pid := j.until("a Ready", phase("a", drivers.PhaseReady)).Processes[0].PID
	away := j.dir + ".away"
	if err := errors.Join(os.Rename(j.dir, away), syscall.Kill(pid, syscall.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	soon(t, "the server to end", func() bool { return !alive(pid) })
	time.Sleep(time.Second) // in which it would be started
	if _, err := os.Stat(j.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was made where the folder had been: %v", err)
		_ = os.RemoveAll(j.dir) // it is in the way
	}
	if err := os.Rename(away, j.dir); err != nil {
		t.Fatal(err)
	}
	s := j.until("a Ready again", func(s drivers.AgentState) bool {
		return phase("a", drivers.PhaseReady)(s) && s.Processes[0].PID != pid || phase("a", drivers.PhaseFailed)(s)
	})
	if got := s.Processes[0]; got.Phase != drivers.PhaseReady || got.Restarts != 1 {
		t.Errorf("the server is %+v", got)
	}
}

// TestAnAgentSaysThatItEndedOnceItCan: it is told to end while its folder is away.
func TestAnAgentSaysThatItEndedOnceItCan(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.until("a report", func(drivers.AgentState) bool { return true })
	away := j.dir + ".away"
	if err := os.Rename(j.dir, away); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { j.end(); close(ended) }()
	select {
	case <-ended:
		t.Error("it ended without a word")
	case <-time.After(time.Second):
	}
	if err := os.Rename(away, j.dir); err != nil {
		t.Fatal(err)
	}
	<-ended
	j.until("its word", func(s drivers.AgentState) bool { return s.Said() })
}

// TestARunThatEndsWhileItsFolderIsAwayIsConcludedLater: its result is there once the file system is back.
func TestARunThatEndsWhileItsFolderIsAwayIsConcludedLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	r := &run{want: drivers.Run{ID: "r", Dir: dir}, phase: v1alpha1.RunRunning, exit: &drivers.Exit{}}
	if r.step(time.Now()); r.phase != v1alpha1.RunRunning {
		t.Fatalf("without its folder it is %+v", r.state())
	}
	disk := durable.Writer{}
	for _, err := range []error{
		os.Mkdir(dir, 0o700),
		disk.CreateRecord(filepath.Join(dir, drivers.ClaimFile), drivers.Claim{}, nil),
		disk.CreateRecord(filepath.Join(dir, drivers.ResultFile), drivers.SuiteResult{Run: "r", Valid: true}, nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if r.step(time.Now()); r.phase != v1alpha1.RunComplete {
		t.Errorf("it is %+v", r.state())
	}
}

// TestWhatAStartWaitsFor: a file system that can come back, and nothing that stays as it is.
func TestWhatAStartWaitsFor(t *testing.T) {
	dir := t.TempDir()
	p := &process{a: &agent{dir: dir}}
	if p.away(nil) == "" {
		t.Error("a folder without the agent's claim is taken for the job's")
	}
	if err := os.WriteFile(filepath.Join(dir, agentFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for err, waits := range map[error]bool{nil: false, syscall.ENOSPC: true, syscall.EROFS: true, syscall.EIO: true, syscall.EACCES: false, syscall.ENOENT: false} {
		if got := p.away(err) != ""; got != waits {
			t.Errorf("after %v it waits: %v, want %v", err, got, waits)
		}
	}
}
