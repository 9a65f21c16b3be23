package agent

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/drivers"
)

// TestAHungServerIsRestarted: a server that is stopped after it was Ready ignores SIGTERM. It is killed with its whole group
// and started again, as often as the limit allows; each step is kept for the controller, and said in the log.
func TestAHungServerIsRestarted(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	p := j.server("s", "serve", "f1")
	p.Probes[0].Timeout = 0.5
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
	first := j.until("Ready", phase("s", drivers.PhaseReady)).Processes[0].PID
	hang := func(pid int) {
		t.Helper()
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	hang(first)
	s := j.until("restarted and Ready", func(s drivers.AgentState) bool {
		return phase("s", drivers.PhaseReady)(s) && s.Processes[0].PID != first
	})
	if alive(first) {
		t.Error("the stopped server was not killed")
	}
	if q := s.Processes[0]; q.Restarts != 1 || q.Last == nil || q.Last.Reason != drivers.ReasonNotAnswering {
		t.Errorf("%+v", q)
	}
	want := []string{drivers.ReasonProbeFailing, drivers.ReasonNotAnswering, drivers.ReasonRestarted, drivers.ReasonReadyAgain}
	if got := reasons(s); !slices.Equal(got, want) {
		t.Errorf("what happened is %v, want %v", got, want)
	}
	if log := fileText(t, filepath.Join(j.dir, "log", "s.42.log")); !strings.Contains(log, "assay: restart 1 of at most 1, after NotAnswering") {
		t.Errorf("the log does not say that it was restarted: %q", log)
	}
	hang(s.Processes[0].PID)
	s = j.until("given up", phase("s", drivers.PhaseFailed))
	if got := reasons(s); s.Processes[0].Reason != drivers.ReasonNotAnswering || got[len(got)-1] != drivers.ReasonGivenUp {
		t.Errorf("%+v, %v", s.Processes[0], got)
	}
}

func reasons(s drivers.AgentState) (out []string) {
	for _, h := range s.Happened {
		out = append(out, h.Reason)
	}
	return out
}

// TestEndsAreKeptWithTheirCause: the exit code and where the log is are in what the controller makes an event of.
func TestEndsAreKeptWithTheirCause(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("c", "crash", "f1")}})
	s := j.until("given up", phase("c", drivers.PhaseFailed))
	want := []string{"Exited", drivers.ReasonRestarted, "Exited", drivers.ReasonGivenUp}
	if got := reasons(s); !slices.Equal(got, want) {
		t.Fatalf("what happened is %v, want %v", got, want)
	}
	if m := s.Happened[0].Message; !strings.Contains(m, "exit code 7") || !strings.Contains(m, "log/c.42.log") {
		t.Errorf("it says %q", m)
	}
}

// TestMissesCountForLive says when missed probes restart a server, and when they do not.
func TestMissesCountForLive(t *testing.T) {
	type step struct {
		after time.Duration // since the last one
		ok    bool          // the probe passes
		took  time.Duration // how long before this turn of the loop it began
	}
	miss, pass := step{after: 10 * time.Second}, step{after: 10 * time.Second, ok: true}
	for name, c := range map[string]struct {
		steps   []step
		live    drivers.Live
		before  bool // it was Ready before
		turns   time.Duration
		restart bool
	}{
		"as many as allowed":            {steps: []step{miss, miss, miss}, before: true, restart: true},
		"one less":                      {steps: []step{miss, miss}, before: true},
		"an answer in between":          {steps: []step{miss, miss, pass, miss, miss}, before: true},
		"it was never Ready":            {steps: []step{miss, miss, miss, miss}},
		"it is not watched":             {steps: []step{miss, miss, miss, miss}, before: true, live: drivers.Live{Every: 10}},
		"in quick succession":           {steps: []step{miss, {after: time.Second}, {after: time.Second}, {after: time.Second}}, before: true},
		"the agent was stopped":         {steps: []step{miss, miss, {after: time.Hour, took: time.Hour - time.Second}}, before: true, turns: time.Hour},
		"and the server still hangs":    {steps: []step{miss, miss, {after: time.Hour, took: time.Hour - time.Second}, miss}, before: true, turns: time.Hour, restart: true},
		"an answer although it stopped": {steps: []step{miss, miss, {after: time.Hour, took: time.Hour - time.Second, ok: true}, miss}, before: true, turns: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			live := c.live
			if live == (drivers.Live{}) {
				live = drivers.Live{Every: 10, Misses: 3}
			}
			a := newAgent(t.TempDir(), Options{})
			a.guard = &guard{groups: map[int]order{}} // one that is not started
			now := time.Unix(0, 0)
			p := &process{a: a, want: drivers.Process{Name: "s", Live: live}, phase: drivers.PhaseStarting}
			a.wake(now)
			if c.before {
				p.judge(result{began: now}, now)
			}
			for _, s := range c.steps {
				end := now.Add(s.after)
				for turn := min(s.after, max(c.turns, tick)); now.Before(end); { // turns of the loop, of which one can be long
					if s.took == 0 {
						turn = tick
					}
					now = now.Add(turn)
					a.wake(now)
					p.listen(now)
				}
				r := result{began: now.Add(-s.took)}
				if !s.ok {
					r.err = errors.New("no answer")
				}
				p.judge(r, now)
			}
			if got := p.fault != nil; got != c.restart {
				t.Errorf("restarted: %v, want %v (%d misses)", got, c.restart, p.misses)
			}
			if p.fault != nil && p.fault.reason != drivers.ReasonNotAnswering {
				t.Errorf("the reason is %s", p.fault.reason)
			}
		})
	}
}

// TestReadyEndsSoon: a Ready server that answers nothing is not Ready after ten seconds, whatever live says and although the
// probe under way may wait longer, and three after a long pause of the agent. The pause itself does not end Ready; wrong
// answers end it at once.
func TestReadyEndsSoon(t *testing.T) {
	a := newAgent(t.TempDir(), Options{})
	a.guard = &guard{groups: map[int]order{}} // one that is not started
	now := time.Unix(0, 0)
	p := &process{a: a, want: drivers.Process{Name: "s", Live: drivers.Live{Every: 3600, Misses: 100}}}
	turn := func(d time.Duration) {
		now = now.Add(d)
		a.wake(now)
		p.listen(now)
	}
	ready := func() { p.judge(result{began: now}, now) }
	turn(0)
	ready()
	turn(time.Hour)
	if p.phase != drivers.PhaseReady {
		t.Error("it lost Ready while its agent was stopped")
	}
	silent := func(longest time.Duration) {
		for n := 0; p.phase == drivers.PhaseReady; n++ {
			if turn(tick); n > int(longest/tick) {
				t.Fatalf("it has answered nothing for %d turns of %s and is Ready", n, tick)
			}
		}
	}
	silent(reasked)
	ready()
	silent(believed)
	ready()
	if turn(believed / 2); p.phase != drivers.PhaseReady || p.quiet > paused {
		t.Errorf("a short pause counts for %s", p.quiet)
	}
	ready()
	for range probeMisses {
		p.judge(result{began: now, err: errors.New("status 500")}, now)
	}
	if p.phase == drivers.PhaseReady {
		t.Error("it answers wrongly and is Ready")
	}
}
