package fake

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"assay/drivers"
)

func spec(nonce string) drivers.JobSpec {
	seat := drivers.Seat{Experiment: "exp", Group: "llm"}
	tag := drivers.Tag{Store: "s", Seat: seat, Revision: "r", Nonce: nonce}
	return drivers.JobSpec{Name: tag.JobName(), Nodes: 1, Argv: Sleep(), Tag: tag}
}

func submit(t *testing.T, c *Cluster, s drivers.JobSpec) drivers.JobID {
	t.Helper()
	id, err := c.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// states maps nonce to state, as listed.
func states(t *testing.T, c *Cluster) map[string]drivers.JobState {
	t.Helper()
	jobs, err := c.Jobs(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]drivers.JobState{}
	for _, j := range jobs {
		out[j.Tag.Nonce] = j.State
	}
	return out
}

func TestListingLags(t *testing.T) {
	late := 0
	for seed := range uint64(20) {
		c := New(Options{Seed: seed, Lag: 10 * time.Second})
		submit(t, c, spec("a"))
		if len(states(t, c)) == 0 {
			late++
		}
		c.Advance(10 * time.Second)
		if got := states(t, c)["a"]; got != drivers.JobRunning {
			t.Errorf("seed %d: after the lag the job is %q", seed, got)
		}
	}
	if late == 0 {
		t.Error("no job was ever late")
	}
}

func TestFrozenIsNeverEmpty(t *testing.T) {
	came := 0
	for seed := range uint64(20) {
		c := New(Options{Seed: seed})
		submit(t, c, spec("a"))
		c.Freeze()
		if jobs, err := c.Jobs(t.Context(), "s"); !errors.Is(err, drivers.ErrUnavailable) || jobs != nil {
			t.Fatalf("a frozen scheduler listed %v, %v", jobs, err)
		}
		if _, err := c.Submit(t.Context(), spec("b")); !errors.Is(err, drivers.ErrUncertain) {
			t.Fatalf("a submission to it gave %v", err)
		}
		c.Thaw()
		if _, ok := states(t, c)["b"]; ok {
			came++
		}
	}
	if came == 0 || came == 20 {
		t.Errorf("%d of 20 uncertain submissions came true", came)
	}
}

func TestFates(t *testing.T) {
	for name, c := range map[string]struct {
		faults Faults
		kind   error
		jobs   int
	}{
		"rejected":    {Faults{Reject: 1}, drivers.ErrRejected, 0},
		"not reached": {Faults{Refuse: 1}, drivers.ErrUnavailable, 0},
		"swallowed":   {Faults{Swallow: 1}, drivers.ErrUncertain, 0},
		"silent":      {Faults{Silent: 1}, drivers.ErrUncertain, 1},
	} {
		cl := New(Options{})
		cl.SetFaults(c.faults)
		_, err := cl.Submit(t.Context(), spec("a"))
		if !errors.Is(err, c.kind) || len(cl.Live()) != c.jobs {
			t.Errorf("%s: %v with %d jobs", name, err, len(cl.Live()))
		}
	}
}

func TestRestartReusesIDs(t *testing.T) {
	c := New(Options{})
	id := submit(t, c, spec("a"))
	c.Restart(1)
	if again := submit(t, c, spec("b")); again != id {
		t.Errorf("the lost id %s was not given out again, but %s", id, again)
	}
	if err := c.Cancel(t.Context(), id, "a"); err != nil || len(c.Live()) != 1 {
		t.Error("a cancel with the lost job's nonce hit the one that has its id now")
	}
}

func TestEnds(t *testing.T) {
	c := New(Options{Nodes: 5, Memory: time.Minute, EndDelay: 3 * time.Second})
	exit, signal, limit, node := spec("exit"), spec("signal"), spec("limit"), spec("node")
	exit.Argv, signal.Argv, limit.Time = Exit(7), Signal(9), 5*time.Second
	exit.Name, signal.Name, limit.Name, node.Name = "a", "b", "c", "d" // else each would wait for the one before
	id := submit(t, c, exit)
	submit(t, c, signal)
	submit(t, c, limit)
	submit(t, c, node)
	c.Advance(time.Second)
	for _, j := range c.Live() {
		if j.Tag.Nonce == "node" {
			c.FailNode(j.Nodes[0])
		}
	}
	c.Advance(20 * time.Second)
	want := map[string]drivers.JobState{"exit": drivers.JobFailed, "signal": drivers.JobFailed, "limit": drivers.JobTimeout, "node": drivers.JobNodeFail}
	got := states(t, c)
	for n, s := range want {
		if got[n] != s {
			t.Errorf("%s ended as %s, want %s", n, got[n], s)
		}
	}
	c.Advance(2 * time.Minute)
	if len(states(t, c)) > 0 {
		t.Error("ended jobs are listed for ever")
	}
	if j, err := c.Ended(t.Context(), id, "exit"); err != nil || j.Exit != 7 {
		t.Errorf("accounting says %+v, %v", j, err)
	}
	if _, err := c.Ended(t.Context(), id, "other"); !errors.Is(err, drivers.ErrNotFound) {
		t.Errorf("accounting of another nonce says %v", err)
	}
}

func TestNodesAreNotShared(t *testing.T) {
	c := New(Options{Nodes: 1, EndDelay: time.Second})
	id := submit(t, c, spec("a"))
	submit(t, c, spec("b"))
	c.Advance(5 * time.Second)
	if got := states(t, c); got["a"] != drivers.JobRunning || got["b"] != drivers.JobPending {
		t.Fatalf("two jobs on one node: %v", got)
	}
	if err := c.Cancel(t.Context(), id, "a"); err != nil {
		t.Fatal(err)
	}
	c.Advance(5 * time.Second)
	if got := states(t, c)["b"]; got != drivers.JobRunning {
		t.Errorf("the freed node is not used: %s", got)
	}
}

func TestHooks(t *testing.T) {
	var calls []string
	c := New(Options{Hook: func(call string) { calls = append(calls, call) }})
	submit(t, c, spec("a"))
	if len(calls) != 2 || calls[0] != "before Submit" || calls[1] != "after Submit" {
		t.Errorf("hooks were called for %q", calls)
	}
}

// TestSingleton: a job waits for an earlier one of its name, whoever owns that.
func TestSingleton(t *testing.T) {
	c := New(Options{})
	first := c.AddForeign(spec("").Name, drivers.Tag{Store: "other"})
	submit(t, c, spec("a"))
	c.Advance(time.Minute)
	if live := c.Live(); len(live) != 2 || live[1].State != drivers.JobPending || live[1].Reason != "Dependency" {
		t.Errorf("with an earlier job of its name: %+v", live)
	}
	c.Kill(first)
	c.Advance(time.Minute)
	if live := c.Live(); len(live) != 1 || live[0].State != drivers.JobRunning {
		t.Errorf("after it ended: %+v", live)
	}
}

func TestLedger(t *testing.T) {
	c := New(Options{})
	foreign := c.AddForeign("assay.exp.llm.0", drivers.Tag{Store: "other", Seat: spec("").Tag.Seat, Nonce: "f"})
	submit(t, c, spec("a"))
	if _, n := c.MaxLive(); n != 1 {
		t.Errorf("a foreign job counts towards a seat: %d", n)
	}
	submit(t, c, spec("b"))
	if seat, n := c.MaxLive(); n != 2 || seat != spec("").Tag.Seat || c.Submissions(seat) != 2 {
		t.Errorf("two live jobs of a seat count as %d", n)
	}
	if err := c.Cancel(t.Context(), foreign, "f"); err != nil || len(c.Disturbed()) != 1 {
		t.Errorf("the cancel of a foreign job is not noted: %v", err)
	}
}

// TestAgent: it obeys desired.json, executes a run once, and falls silent when it crashes.
func TestAgent(t *testing.T) {
	c := New(Options{Startup: 3 * time.Second, RunTime: 4 * time.Second})
	s := spec("a")
	s.Dir = t.TempDir()
	run := drivers.Run{ID: "r1", Dir: t.TempDir()}
	write := func(d drivers.AgentDesired) {
		t.Helper()
		if err := disk.ReplaceRecord(filepath.Join(s.Dir, drivers.DesiredFile), d, nil); err != nil {
			t.Fatal(err)
		}
	}
	state := func() (st drivers.AgentState) {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(s.Dir, drivers.StateFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &st); err != nil {
			t.Fatal(err)
		}
		return st
	}
	want := drivers.AgentDesired{Generation: 1, Nonce: "a", Processes: []drivers.Process{{Name: "llm", Fingerprint: "f1"}}}
	write(want)
	id := submit(t, c, s)
	c.Advance(time.Second)
	if p := state().Processes[0]; p.Phase != drivers.PhaseStarting {
		t.Errorf("at first the process is %s", p.Phase)
	}
	want.Generation, want.Runs = 2, []drivers.Run{run}
	write(want)
	c.Advance(4 * time.Second)
	if st := state(); st.Generation != 2 || st.Processes[0].Phase != drivers.PhaseReady || st.Runs[0].Phase != "Running" {
		t.Errorf("then %+v", st)
	}
	c.Advance(5 * time.Second)
	c.Advance(5 * time.Second)
	if st := state(); st.Runs[0].Phase != "Complete" || c.Results()["r1"] != 1 {
		t.Errorf("the run is %+v, executed %d times", st.Runs[0], c.Results()["r1"])
	}
	want.Generation, want.Processes[0].Fingerprint = 3, "f2"
	write(want)
	c.Advance(time.Second)
	if p := state().Processes[0]; p.Phase != drivers.PhaseStarting || p.Fingerprint != "f2" {
		t.Errorf("a changed fingerprint left %+v", p)
	}
	c.CrashAgent(id, false)
	beat := state().Heartbeat
	c.Advance(5 * time.Second)
	if state().Heartbeat != beat || states(t, c)["a"] != drivers.JobRunning {
		t.Error("a crashed agent beats, or took its job along")
	}
}
