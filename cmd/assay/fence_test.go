package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
	"assay/drivers/procid"
)

// fencedServices are one that owns a data folder and one that does not.
const fencedServices = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: fence}
spec:
  site: SITE
  services:
    - name: docs
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}
      env: {FOLDER: "$(DATA)"}
      restart: {backoff: 1s}
      fence: 2m
    - name: web
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}
      restart: {backoff: 1s}
      fence: 5s
`

// killedParts are the processes above a server that can be killed.
type killedParts struct{ agent, parent, grandparent int }

// partsOf finds them from the agent that wrote agent.json.
func partsOf(t *testing.T, w *testWorld, nonce string) killedParts {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.state, "jobs", "*", "*", nonce, "agent.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the agent of attempt %s: %v %v", nonce, found, err)
	}
	var id procid.ID
	if err := durable.ReadRecord(found[0], &id); err != nil {
		t.Fatal(err)
	}
	parent := parentOf(t, id.PID)
	return killedParts{id.PID, parent, parentOf(t, parent)}
}

func parentOf(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	parent, err := strconv.Atoi(f[1])
	if err != nil {
		t.Fatal(err)
	}
	return parent
}

// slurmdOf finds the slurmd whose node runs a step.
func slurmdOf(t *testing.T, conf, node string) int {
	t.Helper()
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		cmd, err := os.ReadFile(p)
		words := strings.Split(string(cmd), "\x00")
		if err == nil && filepath.Base(words[0]) == "slurmd" && strings.Contains(string(cmd), conf+"\x00") && strings.Contains(string(cmd), "\x00"+node+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(p)))
			return pid
		}
	}
	t.Fatalf("no slurmd of node %s", node)
	return 0
}

// afterwards demands that a server's replacement comes, and that the server itself is never seen alive beside it.
func afterwards(t *testing.T, w *testWorld, service string, limit time.Duration, kill func(killedParts, []string)) {
	t.Helper()
	var before v1alpha1.SeatStatus
	w.until("the server of "+service+" is there", limit, func() (bool, string) { // what was done to the other one can have ended it, too
		before = w.seat("fence", service)
		return before.Ready && before.PID != 0 && procid.Of(before.PID).State() == procid.Alive, fmt.Sprintf("%+v", before)
	})
	server := procid.Of(before.PID)
	kill(partsOf(t, w, before.Nonce), before.Nodes)
	w.until(service+" is replaced", limit, func() (bool, string) {
		s := w.seat("fence", service)
		another := s.Nonce != before.Nonce && s.PID != 0 && procid.Of(s.PID).State() == procid.Alive
		if another && server.State() == procid.Alive {
			t.Fatalf("server %d of attempt %s runs beside server %d of attempt %s", before.PID, before.Nonce, s.PID, s.Nonce)
		}
		return another && s.Ready, fmt.Sprintf("%+v\n%s", s, w.must("events"))
	})
}

func kill9(t *testing.T, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		if pid < 2 {
			t.Fatalf("pid %d is nobody's to kill", pid)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEndedAttemptsDie is finding C22 on real Slurm: whatever supervises a server is killed, and the server of the ended
// attempt never runs beside its replacement.
func TestEndedAttemptsDie(t *testing.T) {
	beside(t, 90*time.Second)
	if testing.Short() {
		t.Skip("it waits for Slurm to notice; run without -short")
	}
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	w.must("apply", "-f", w.write("fence.yaml", slurmSite+strings.ReplaceAll(fencedServices, "SITE", "slurm")), "--timeout", "2m")
	w.controller()
	for name, kill := range map[string]func(killedParts, []string){
		"slurmstepd":           func(p killedParts, _ []string) { kill9(t, p.parent) },
		"agent":                func(p killedParts, _ []string) { kill9(t, p.agent) },
		"agent and slurmstepd": func(p killedParts, _ []string) { kill9(t, p.parent, p.agent) },
		"slurmd and slurmstepd": func(p killedParts, nodes []string) {
			kill9(t, slurmdOf(t, c.Conf(), nodes[0]), p.parent)
			time.AfterFunc(2*time.Second, func() { slurmDo(t, c, "scontrol", "update", "nodename="+nodes[0], "state=down", "reason=test") })
		},
	} {
		for _, service := range []string{"docs", "web"} {
			t.Run(faultOf(name, service), func(t *testing.T) { afterwards(t, w, service, 3*time.Minute, kill) })
		}
	}
	deleteNamesWhatMayLive(t, w)
}

// deleteNamesWhatMayLive kills all that could end a server, or say that it has ended: a deletion names its job.
func deleteNamesWhatMayLive(t *testing.T, w *testWorld) {
	t.Helper()
	before := w.seat("fence", "web")
	server, parts := procid.Of(before.PID), partsOf(t, w, before.Nonce)
	t.Cleanup(func() { _ = syscall.Kill(before.PID, syscall.SIGKILL) })
	kill9(t, guardOf(t, before.Nonce), parts.agent, parts.parent)
	out, said, code := w.run("delete", "experiment", "fence", "--yes", "--timeout", "4m")
	want := fmt.Sprintf("could not be verified: job %s on node %s may still run", before.JobID, before.Nodes[0])
	if code != 0 || !strings.Contains(said, want) {
		t.Errorf("delete said %q, exit code %d: %s%s\n%s", want, code, out, said, w.must("events"))
	}
	if server.State() != procid.Alive {
		t.Errorf("server %d does not live: the test shows nothing", before.PID)
	}
}

// guardOf finds the guard of an attempt's agent.
func guardOf(t *testing.T, nonce string) int {
	t.Helper()
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		if cmd, err := os.ReadFile(p); err == nil && strings.Contains(string(cmd), "\x00agent-guard\x00") && strings.HasSuffix(string(cmd), nonce+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(p)))
			return pid
		}
	}
	t.Fatalf("no guard of attempt %s", nonce)
	return 0
}

func faultOf(what, service string) string { return what + " of " + service }

// TestEndedLocalAttemptsDie is the same for the local scheduler.
func TestEndedLocalAttemptsDie(t *testing.T) {
	beside(t, 30*time.Second)
	w := newTestWorld(t)
	w.must("apply", "-f", w.write("fence.yaml", strings.ReplaceAll(fencedServices, "SITE", "local")), "--timeout", "2m")
	w.controller()
	for name, kill := range map[string]func(killedParts, []string){
		"shepherd":           func(p killedParts, _ []string) { kill9(t, p.parent) },
		"agent":              func(p killedParts, _ []string) { kill9(t, p.agent) },
		"agent and shepherd": func(p killedParts, _ []string) { kill9(t, p.parent, p.agent) },
	} {
		for _, service := range []string{"docs", "web"} {
			t.Run(faultOf(name, service), func(t *testing.T) { afterwards(t, w, service, time.Minute, kill) })
		}
	}
	w.must("delete", "experiment", "fence", "--yes", "--timeout", "2m")
}
