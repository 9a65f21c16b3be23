package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/local"
	"assay/reconciler"
	"assay/reconciler/plan"
	"assay/reconciler/probe"
	"assay/reconciler/store"
)

// four is a manifest of four servers that start fast.
const four = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: four}
spec:
  site: local
  services:
    - name: web
      replicas: 4
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}
      restart: {backoff: 1s}
`

// agentsOf are the agents of a test's jobs, by the nonce in their job folder's name.
func agentsOf(t *testing.T, dir string) map[string]int {
	t.Helper()
	out := map[string]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		line, err := os.ReadFile(file)
		args := strings.Split(string(bytes.Trim(line, "\x00")), "\x00")
		if err != nil || len(args) < 3 || args[1] != "agent" || !strings.Contains(args[2], dir) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(args[2])] = pid
	}
	return out
}

// TestSilentAgents is findings C4 and C23 with real processes: four agents are stopped while their servers answer, for two
// minutes of the controller's clock. Nothing is ended, and the services are Ready with a reason that names the silence. One
// server that then dies is no second word against its seat as long as the heartbeats are at fault; it is when they are back.
func TestSilentAgents(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t)
	w.must("apply", "-f", w.write("four.yaml", four), "--timeout", "60s")
	st, err := store.Open(w.state, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := st.Acquire(t.Context(), "test", leaseTTL)
	if err != nil {
		t.Fatal(err)
	}
	heads, err := st.Heads()
	if err != nil {
		t.Fatal(err)
	}
	sched, err := local.New(filepath.Join(st.Dir(), "local"), local.Options{Shepherd: []string{binary, "local-shepherd"}})
	if err != nil {
		t.Fatal(err)
	}
	ahead := time.Duration(0)
	l := &reconciler.Loop{Store: st, Lease: lease, Site: heads[0].Site, Scheduler: sched, Compile: compileService, Probe: probe.Check,
		Binary: binary, Policy: policy(heads[0].Site), Clock: func() time.Time { return time.Now().Add(ahead) }}
	ready := func() (c v1alpha1.Condition, seats []v1alpha1.SeatStatus) {
		t.Helper()
		for range 15 { // 9 s each
			ahead += 9 * time.Second
			r, err := l.Pass(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c, seats = v1alpha1.Find(r.Status[0].Services[0].Conditions, v1alpha1.Ready), r.Status[0].Services[0].Seats
		}
		return c, seats
	}
	cancelled := func() (out []plan.Attempt) {
		t.Helper()
		attempts, err := st.Attempts()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range attempts {
			if a.Cancelled != "" {
				out = append(out, a)
			}
		}
		return out
	}

	agents := agentsOf(t, w.dir)
	if len(agents) != 4 {
		t.Fatalf("the agents are %v", agents)
	}
	signal := func(pid int, s syscall.Signal) {
		t.Helper()
		if err := syscall.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
	for _, pid := range agents {
		signal(pid, syscall.SIGSTOP)
	}
	c, seats := ready()
	if c.Status != v1alpha1.True || c.Reason != string(plan.HeartbeatsAtFault) || len(cancelled()) > 0 {
		t.Fatalf("four silent agents whose servers answer: %+v, cancelled %+v", c, cancelled())
	}
	signal(seats[0].PID, syscall.SIGKILL)
	if c, _ = ready(); c.Status != v1alpha1.Unknown || len(cancelled()) > 0 {
		t.Fatalf("one of the servers is dead too: %+v, cancelled %+v", c, cancelled())
	}
	for nonce, pid := range agents {
		if nonce != seats[0].Nonce {
			signal(pid, syscall.SIGCONT)
		}
	}
	time.Sleep(2 * time.Second) // until every agent has written
	ready()
	if lost := cancelled(); len(lost) != 1 || lost[0].Nonce != seats[0].Nonce || lost[0].Cancelled != plan.AgentLost {
		t.Errorf("one agent is silent and its server dead: cancelled %+v", lost)
	}
}
