package reconciler

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// reads is how often this process has called read(2) and its like, on whatever.
func reads(t *testing.T) (n int) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(b)) {
		if _, err := fmt.Sscanf(line, "syscr: %d", &n); err == nil {
			return n
		}
	}
	t.Fatalf("/proc/self/io says %q", b)
	return 0
}

// TestAgentsAreReadOnce: a look at N agents reads each one's files, and the next look only their beats: nothing is read for
// each pair of them.
func TestAgentsAreReadOnce(t *testing.T) {
	for _, n := range []int{10, 200} {
		w := calm(t)
		w.loop.prepare()
		open := make([]plan.Attempt, n)
		write := func(i int, beat uint64, s drivers.AgentState) {
			dir := w.store.JobDir(open[i].Seat, open[i].Nonce)
			b := durable.Beat{Path: filepath.Join(dir, drivers.BeatFile), NoSync: true}
			fast := durable.Writer{NoSync: true}
			for _, err := range []error{os.MkdirAll(dir, 0o700), fast.ReplaceRecord(filepath.Join(dir, drivers.DesiredFile), drivers.AgentDesired{Generation: 1, Nonce: s.Nonce}, nil),
				fast.ReplaceRecord(filepath.Join(dir, drivers.StateFile), s, nil), b.Write(durable.Pulse{Count: beat, Of: s.Written}), b.Close()} {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range open {
			open[i] = plan.Attempt{Nonce: fmt.Sprintf("n%d", i), Seat: drivers.Seat{Experiment: "exp", Group: "llm", Slot: i}}
			write(i, 1, drivers.AgentState{Nonce: open[i].Nonce, Written: 1, Heartbeat: 1})
		}
		look := func() (map[string]plan.Agent, int) {
			for i := range open { // every agent lives
				b := durable.Beat{Path: filepath.Join(w.store.JobDir(open[i].Seat, open[i].Nonce), drivers.BeatFile), NoSync: true}
				p, err := durable.ReadBeat(b.Path)
				p.Count++
				if err := errors.Join(err, b.Write(p), b.Close()); err != nil {
					t.Fatal(err)
				}
			}
			before := reads(t)
			all := w.loop.agents(t.Context(), open, plan.Listing{})
			return all, reads(t) - before
		}
		const besides = 50 // of the runtime, and of reading the count
		if _, cost := look(); cost > 6*n+besides {
			t.Errorf("the first look at %d agents made %d reads", n, cost)
		}
		if _, cost := look(); cost > 2*n+besides {
			t.Errorf("the second look at %d agents made %d reads", n, cost)
		}
		write(n/2, 9, drivers.AgentState{Nonce: open[n/2].Nonce, Written: 2, Heartbeat: 7, Generation: 5, Processes: []drivers.ProcessState{{Name: "s", PhaseFor: 3}}})
		all, cost := look()
		if cost > 2*n+4+besides {
			t.Errorf("a look at %d agents, of which one reports something new, made %d reads", n, cost)
		}
		s := all[open[n/2].Nonce].State
		if s == nil || s.Generation != 5 || s.Heartbeat != 10 || s.Processes[0].PhaseFor != 6 {
			t.Errorf("what is new was read as %+v", s)
		}
	}
}

// TestBeatsOfOlderAgents: an agent without a beat file counts by its state.json, and a beat that vouches for another
// state.json does not count.
func TestBeatsOfOlderAgents(t *testing.T) {
	w := calm(t)
	seat := drivers.Seat{Experiment: "exp", Group: "llm"}
	dir := w.store.JobDir(seat, "n")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	files := w.store.JobFiles(seat, "n")
	state := func(written, beat uint64) {
		t.Helper()
		s := drivers.AgentState{Nonce: "n", Written: written, Heartbeat: beat, Processes: []drivers.ProcessState{{Name: "s", PhaseFor: 10}}}
		if err := (durable.Writer{}).ReplaceRecord(filepath.Join(dir, drivers.StateFile), s, nil); err != nil {
			t.Fatal(err)
		}
	}
	is := func(what string, beat uint64, phaseFor drivers.Seconds) {
		t.Helper()
		s, err := files.State()
		if err != nil || s == nil || s.Heartbeat != beat || s.Processes[0].PhaseFor != phaseFor {
			t.Errorf("%s: %+v, %v; want beat %d, in its phase for %v s", what, s, err, beat, phaseFor)
		}
	}
	state(0, 5)
	is("an older agent", 5, 10)
	state(0, 6)
	is("its next heartbeat", 6, 10)
	beat := durable.Beat{Path: filepath.Join(dir, drivers.BeatFile)}
	defer beat.Close()
	pulse := func(count, of uint64) {
		t.Helper()
		if err := beat.Write(durable.Pulse{Count: count, Of: of}); err != nil {
			t.Fatal(err)
		}
	}
	pulse(30, 1)
	state(1, 20)
	is("a beat later than its state", 30, 20)
	pulse(31, 1)
	is("the next beat", 31, 21)
	pulse(40, 2)
	is("a beat whose state is not seen yet", 20, 10)
	state(2, 39)
	is("that state", 40, 11)
	if err := os.WriteFile(beat.Path, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	is("a torn beat", 39, 10)
	pulse(41, 2)
	is("the beat is whole again", 41, 12)
	state(3, 41)
	is("a state that somebody else wrote, since the beat stands still", 41, 10)
}
