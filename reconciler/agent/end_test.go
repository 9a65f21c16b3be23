package agent

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"assay/drivers"
	"assay/drivers/durable"
)

// TestTheWalltimeIsToldFromACancel: the signal that announces the end of the walltime is written down as that, and
// everything is stopped as it is by a cancel.
func TestTheWalltimeIsToldFromACancel(t *testing.T) {
	walltime := make(chan os.Signal, 1)
	j := startJobWith(t, drivers.AgentDesired{}, func(o *Options) { o.Walltime = walltime })
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("a", "serve", "f1")}})
	pid := j.until("a Ready", phase("a", drivers.PhaseReady)).Processes[0].PID
	walltime <- drivers.WalltimeSignal
	s := j.until("the end recorded", func(s drivers.AgentState) bool { return s.End != nil })
	if s.End.Reason != drivers.EndTimeLimit || alive(pid) {
		t.Errorf("ended as %+v, and the server alive is %v", s.End, alive(pid))
	}
	if len(s.Processes) != 1 || !s.Processes[0].WasReady {
		t.Errorf("the last state does not say that it was Ready: %+v", s.Processes)
	}
}

// TestAServerThatEndsWithItsJobIsNoFault: the signal of a cancel reaches the servers of a job too, and they
// can be quicker than its agent.
func TestAServerThatEndsWithItsJobIsNoFault(t *testing.T) {
	signals := make(chan os.Signal, 1)
	j := startJobWith(t, drivers.AgentDesired{}, func(o *Options) { o.Walltime = signals })
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("a", "serve", "f1")}})
	pid := j.until("a Ready", phase("a", drivers.PhaseReady)).Processes[0].PID
	signals <- drivers.WalltimeSignal
	_ = syscall.Kill(pid, syscall.SIGTERM) // unless the agent was quicker
	s := j.until("the end recorded", func(s drivers.AgentState) bool { return s.End != nil })
	if len(s.Happened) > 0 || s.End.Reason != drivers.EndTimeLimit || alive(pid) {
		t.Errorf("ended as %+v, and happened %+v", s.End, s.Happened)
	}
}

// TestACancelBeforeTheFirstTurnIsAnsweredAtOnce: runs that were not begun are not waited for, since the scheduler kills what does not
// end, and without the agent's word its job is not replaced.
func TestACancelBeforeTheFirstTurnIsAnsweredAtOnce(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signals <- drivers.WalltimeSignal
	j := startJobWith(t, drivers.AgentDesired{Runs: []drivers.Run{{ID: "r", Dir: t.TempDir()}}}, func(o *Options) { o.Walltime = signals })
	s := j.until("the end recorded", func(s drivers.AgentState) bool { return s.End != nil })
	if s.End.Reason != drivers.EndTimeLimit || s.Heartbeat > 3 {
		t.Errorf("ended as %+v after %d reports", s.End, s.Heartbeat)
	}
}

// TestARequeuedJobSaysSo: an agent that is started again in the same job does nothing but say so; what the first one
// reported stays.
func TestARequeuedJobSaysSo(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, v any) {
		t.Helper()
		if err := (durable.Writer{}).ReplaceRecord(filepath.Join(dir, name), v, nil); err != nil {
			t.Fatal(err)
		}
	}
	first := newAgent(dir, Options{JobID: "7"})
	first.guard = &guard{groups: map[int]order{}} // one that is not started
	if err := first.claim(); err != nil {
		t.Fatal(err)
	}
	write(drivers.DesiredFile, drivers.AgentDesired{Generation: 1, Nonce: "n"})
	write(drivers.StateFile, drivers.AgentState{Nonce: "n", JobID: "7", Written: 4, Heartbeat: 9, Runs: []drivers.RunState{{ID: "r", Phase: "Complete"}},
		End: &drivers.AgentEnd{Reason: drivers.EndSignalled}})
	if err := first.beat.Write(durable.Pulse{Count: 30, Of: 4}); err != nil {
		t.Fatal(err)
	}
	defer first.beat.Close()
	if err := Run(t.Context(), dir, Options{JobID: "7"}); err != nil {
		t.Fatal(err)
	}
	var s drivers.AgentState
	if err := durable.ReadRecord(filepath.Join(dir, drivers.StateFile), &s); err != nil {
		t.Fatal(err)
	}
	pulse, err := durable.ReadBeat(filepath.Join(dir, drivers.BeatFile))
	if err != nil || pulse != (durable.Pulse{Count: 31, Of: 5}) || s.Written != 5 {
		t.Errorf("the beat file has %+v, %v: a reader of the state before would not read this one, number %d", pulse, err, s.Written)
	}
	if s.End == nil || s.End.Reason != drivers.EndRequeued || s.Heartbeat != 31 || len(s.Runs) != 1 || s.Nonce != "n" {
		t.Errorf("the state is %+v, end %+v", s, s.End)
	}
}
