package agent

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// startApart starts an agent as a process under a shell, with one server that has a child outside its group and session, and
// returns once all run.
func startApart(t *testing.T) (j *job, shell *exec.Cmd, agent, server, child int) {
	t.Helper()
	j = &job{t: t, dir: t.TempDir(), self: os.Args[0]}
	if err := os.MkdirAll(filepath.Join(j.dir, drivers.LogDir), 0o700); err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(j.dir, "child")
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("a", "escape", "f1", note)}})
	shell = exec.Command("sh", "-c", `"$0" agent "$1" 42; exit 0`, j.self, j.dir)
	shell.Stderr = os.Stderr
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(agent, syscall.SIGKILL) // most tests did
		_ = endMarked(j.dir)
		_ = shell.Wait()
		soon(t, "the guard to end", func() bool { return findGuard(j.dir) == 0 })
	})
	server = j.until("a Ready", phase("a", drivers.PhaseReady)).Processes[0].PID
	var id claimed
	if err := durable.ReadRecord(filepath.Join(j.dir, agentFile), &id); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	child, err = strconv.Atoi(string(b))
	if err != nil || !alive(child) {
		t.Fatalf("the server's child is %q, %v", b, err)
	}
	return j, shell, id.PID, server, child
}

// TestAKilledAgentTakesEverythingWithIt is finding C22: SIGKILL leaves an agent no word, and its guard ends what it ran,
// says so, and ends itself.
func TestAKilledAgentTakesEverythingWithIt(t *testing.T) {
	j, _, agent, server, child := startApart(t)
	guard := guardOf(t, j.dir)
	if err := syscall.Kill(agent, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s := j.until("an end", func(s drivers.AgentState) bool { return s.End != nil })
	if s.End.Reason != drivers.EndKilled || !s.Said() || phase("a", drivers.PhaseReady)(s) || alive(server) || alive(child) {
		t.Errorf("ended as %+v, server alive %v, its child alive %v", s.End, alive(server), alive(child))
	}
	soon(t, "the guard to end", func() bool { return !alive(guard) })
}

// TestAnotherGuardFollowsAKilledOne: it knows what the first one was told.
func TestAnotherGuardFollowsAKilledOne(t *testing.T) {
	j, _, agent, server, child := startApart(t)
	first := guardOf(t, j.dir)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	soon(t, "another guard", func() bool { g := findGuard(j.dir); return g != 0 && g != first })
	if err := syscall.Kill(agent, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if s := j.until("an end", func(s drivers.AgentState) bool { return s.End != nil }); alive(server) || alive(child) {
		t.Errorf("ended as %+v, server alive %v, its child alive %v", s.End, alive(server), alive(child))
	}
}

// TestTheGuardWaitsForItsFolder: the agent was killed while an empty folder was where its file system had been.
func TestTheGuardWaitsForItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "job")
	away := dir + ".away"
	disk := durable.Writer{}
	for _, err := range []error{
		os.MkdirAll(away, 0o700),
		disk.CreateRecord(filepath.Join(away, agentFile), claimed{}, nil),
		disk.CreateRecord(filepath.Join(away, drivers.StateFile), drivers.AgentState{Nonce: "n"}, nil),
		os.Mkdir(dir, 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- Guard(dir, strings.NewReader("")) }()
	select {
	case err := <-ended:
		t.Fatalf("it ended before its folder was back: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
	if err := errors.Join(os.Remove(dir), os.Rename(away, dir)); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	s, err := durable.OptionalRecord[drivers.AgentState](filepath.Join(dir, drivers.StateFile))
	if err != nil || s == nil || !s.Said() {
		t.Errorf("the state is %+v, %v", s, err)
	}
}

// TestAnAgentNoticesThatItsParentIsGone: slurmstepd was killed, so for Slurm the job is over.
func TestAnAgentNoticesThatItsParentIsGone(t *testing.T) {
	j, shell, _, server, child := startApart(t)
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s := j.until("an end", func(s drivers.AgentState) bool { return s.End != nil })
	if s.End.Reason != drivers.EndOrphaned || !s.Said() || alive(server) || alive(child) {
		t.Errorf("ended as %+v, server alive %v, its child alive %v", s.End, alive(server), alive(child))
	}
}

// TestAnAgentThatHangsDoesNotOutliveItsParent: its loop waits for a file system that does not answer.
func TestAnAgentThatHangsDoesNotOutliveItsParent(t *testing.T) {
	j, shell, agent, server, child := startApart(t)
	b := j.server("b", "serve", "f1")
	if err := syscall.Mkfifo(filepath.Join(j.dir, drivers.LogDir, "b.42.log"), 0o600); err != nil { // opening it waits for a reader
		t.Fatal(err)
	}
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("a", "escape", "f1", filepath.Join(j.dir, "child")), b}})
	var beat uint64
	var since time.Time
	j.until("the agent hangs", func(s drivers.AgentState) bool {
		if s.Heartbeat != beat {
			beat, since = s.Heartbeat, time.Now()
		}
		return time.Since(since) > 5*time.Second
	})
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	soon(t, "all to end", func() bool { return !alive(agent) && !alive(server) && !alive(child) })
}

// TestStopEndsEverythingQuickly: also a run and a server that does not listen to SIGTERM and has a long grace.
func TestStopEndsEverythingQuickly(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	p := j.server("a", "stubborn", "f1")
	p.Grace = 3600
	d := drivers.AgentDesired{Processes: []drivers.Process{p}, Runs: []drivers.Run{{ID: "r", Dir: runDir(t, "long")}}}
	j.tell(d)
	pid := j.until("all run", func(s drivers.AgentState) bool {
		return phase("a", drivers.PhaseReady)(s) && len(s.Runs) == 1 && s.Runs[0].Phase == "Running"
	}).Processes[0].PID
	d.Stop = "its job is over"
	j.tell(d)
	s := j.until("an end", func(s drivers.AgentState) bool { return s.End != nil })
	if s.End.Reason != drivers.EndStopped || !strings.Contains(s.End.Message, d.Stop) || !s.Said() || alive(pid) {
		t.Errorf("ended as %+v, server alive %v", s.End, alive(pid))
	}
	if s.Runs[0].Phase != "Superseded" {
		t.Errorf("its run is %+v", s.Runs[0])
	}
}

// TestAnAgentThatFindsItsStopFirstStartsNothing: a job that comes up after its seat was given away.
func TestAnAgentThatFindsItsStopFirstStartsNothing(t *testing.T) {
	d := drivers.AgentDesired{Stop: "its job is over", Runs: []drivers.Run{{ID: "r", Dir: runDir(t, "good")}}}
	j := &job{t: t, self: os.Args[0]}
	d.Processes = []drivers.Process{j.server("a", "serve", "f1")}
	j = startJob(t, d)
	s := j.until("an end", func(s drivers.AgentState) bool { return s.End != nil })
	if s.End.Reason != drivers.EndStopped || len(s.Processes) != 0 {
		t.Errorf("ended as %+v with %+v", s.End, s.Processes)
	}
	if _, err := os.Stat(filepath.Join(d.Runs[0].Dir, "executions")); err == nil {
		t.Error("its run was executed")
	}
}

// runDir is the folder of a run; the suite of these tests does what it is named after.
func runDir(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// guardOf is the pid of the guard of a job directory.
func guardOf(t *testing.T, dir string) int {
	t.Helper()
	pid := findGuard(dir)
	if pid == 0 {
		t.Fatal("the agent has no guard")
	}
	return pid
}

func findGuard(dir string) int {
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		if b, err := os.ReadFile(p); err == nil && strings.HasSuffix(string(b), "\x00agent-guard\x00"+dir+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(p)))
			return pid
		}
	}
	return 0
}

func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
