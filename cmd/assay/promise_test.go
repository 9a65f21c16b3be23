package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// promised is a manifest of one server that starts fast.
const promised = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: kept}
spec:
  site: local
  services:
    - name: web
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}
      restart: {backoff: 1s}
`

// TestApplyObservesAfresh ends a job behind assay's back and applies the unchanged file again: the job is back when apply
// says Ready, without a controller and with one in another process.
func TestApplyObservesAfresh(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t)
	file := w.write("kept.yaml", promised)
	w.must("apply", "-f", file, "--timeout", "60s")
	before := w.seat("kept", "web")

	stopLocal(w.dir)
	w.must("apply", "-f", file, "--timeout", "60s")
	after := w.seat("kept", "web")
	if !after.Ready || after.JobID == before.JobID || syscall.Kill(after.PID, 0) != nil {
		t.Fatalf("job %s was killed; after apply said Ready there is job %s, process %d, ready %v", before.JobID, after.JobID, after.PID, after.Ready)
	}

	holding(w)
	killServer(t, w, after)
	if _, errs, code := w.run("apply", "-f", file, "--timeout", "60s"); code != 0 || !strings.Contains(errs, "controller (pid") {
		t.Fatalf("apply beside a controller exits %d:\n%s", code, errs)
	}
	if last := w.seat("kept", "web"); !last.Ready || last.JobID == after.JobID || syscall.Kill(last.PID, 0) != nil {
		t.Errorf("job %s was killed; after apply said Ready there is job %s, process %d, ready %v", after.JobID, last.JobID, last.PID, last.Ready)
	}
	w.must("delete", "experiment", "kept", "--yes", "--timeout", "60s")
}

// TestFollowBelievesOnlyAnswers: a status of before the command began settles nothing, and a user is told when no pass is
// made.
func TestFollowBelievesOnlyAnswers(t *testing.T) {
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	rev, _, err := st.Accept(store.Revision{Experiment: "e"})
	if err != nil {
		t.Fatal(err)
	}
	lease, err := st.Acquire(t.Context(), "controller", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	put := func(answered int64) {
		t.Helper()
		if err := lease.PutStatus(v1alpha1.ExperimentStatus{Name: "e", Generation: rev.Generation, Answered: answered, Conditions: []v1alpha1.Condition{
			{Type: v1alpha1.Ready, Status: v1alpha1.True}, {Type: v1alpha1.Complete, Status: v1alpha1.True},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	put(0)
	request, err := st.RequestPass()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		a := &app{out: io.Discard, err: &said}
		err := a.follow(t.Context(), st, []store.Revision{rev}, request, time.Minute)
		if err == nil || !strings.Contains(err.Error(), "not settled within") || !strings.Contains(said.String(), "has observed nothing for 30s") {
			t.Errorf("an old status: %v\n%s", err, said.String())
		}
		put(request)
		if err := a.follow(t.Context(), st, []store.Revision{rev}, request, time.Minute); err != nil {
			t.Errorf("an answer: %v", err)
		}
	})
}

// holding starts a controller and waits until it holds the lease.
func holding(w *testWorld) {
	w.t.Helper()
	w.controller()
	w.until("a controller", time.Minute, func() (bool, string) {
		log, err := os.ReadFile(filepath.Join(w.dir, "controller.log"))
		return err == nil && strings.Contains(string(log), "Controlling site"), string(log)
	})
}

// killServer ends a local job's shepherd, agent and server at once, and not the controller.
func killServer(t *testing.T, w *testWorld, seat v1alpha1.SeatStatus) {
	t.Helper()
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		cmd, err := os.ReadFile(p)
		var pid int
		if _, scanErr := fmt.Sscanf(p, "/proc/%d/", &pid); err == nil && scanErr == nil && strings.Contains(string(cmd), w.dir) && !strings.Contains(string(cmd), "\x00controller") {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	if err := syscall.Kill(seat.PID, syscall.SIGKILL); err == nil {
		t.Logf("process %d was still there", seat.PID)
	}
}

// TestNothingDeadIsReady kills agent and server with no controller around: 20 seconds later no command shows Ready.
func TestNothingDeadIsReady(t *testing.T) {
	beside(t, 15*time.Second)
	w := newTestWorld(t)
	file := w.write("kept.yaml", promised)
	w.must("apply", "-f", file, "--timeout", "60s")
	if out := w.must("get", "services"); !strings.Contains(out, "   Ready ") {
		t.Fatalf("a living server, without a controller:\n%s", out)
	}
	w.must("wait", "service/web", "--for=condition=Ready", "--timeout", "10s")
	w.must("tunnel")

	stopLocal(w.dir)
	if out := w.must("get", "services"); strings.Contains(out, "   Ready ") || strings.Contains(out, "1/1") {
		t.Errorf("get services shows a dead server as Ready:\n%s", out)
	}
	if out := w.must("describe", "service", "web"); strings.Contains(out, "Ready          True") {
		t.Errorf("describe shows a dead server as Ready:\n%s", out)
	}
	if out, _, code := w.run("wait", "service/web", "--for=condition=Ready", "--timeout", "4s"); code != 1 {
		t.Errorf("wait for a dead server exits %d: %s", code, out)
	}
	if out, _, code := w.run("plan", "-f", file); code != 2 || !strings.Contains(out, "kept/web/0") {
		t.Errorf("plan with a dead server exits %d, want 2:\n%s", code, out)
	}
	if out, _, code := w.run("tunnel"); code == 0 {
		t.Errorf("tunnel to a dead server exits 0:\n%s", out)
	}
	w.must("delete", "experiment", "kept", "--yes", "--timeout", "60s")
}

// TestSlurmApplyObservesAfresh cancels a job by hand and applies the unchanged file again, without a controller and with one.
func TestSlurmApplyObservesAfresh(t *testing.T) {
	beside(t, 25*time.Second)
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	file := w.write("e2e.yaml", llm("m1", 1, "30m", ""))
	w.must("apply", "-f", file, "--timeout", "90s")
	for _, controller := range []bool{false, true} {
		if controller {
			holding(w)
		}
		before := w.seat("e2e", "llm")
		slurmDo(t, c, "scancel", before.JobID)
		if !controller {
			w.until("nothing dead is Ready", 20*time.Second, func() (bool, string) {
				out := w.must("get", "services")
				return !strings.Contains(out, "   Ready "), out
			})
			if out, _, code := w.run("wait", "service/llm", "--for=condition=Ready", "--timeout", "4s"); code != 1 {
				t.Errorf("wait for a cancelled job exits %d: %s", code, out)
			}
			if out, _, code := w.run("plan", "-f", file); code != 2 || !strings.Contains(out, "e2e/llm/0") {
				t.Errorf("plan with a cancelled job exits %d, want 2:\n%s", code, out)
			}
		}
		w.must("apply", "-f", file, "--timeout", "90s")
		after := w.seat("e2e", "llm")
		if state := squeue(t, c, "-j", after.JobID, "-o", "%T"); !after.Ready || after.JobID == before.JobID || state != "RUNNING" {
			t.Errorf("controller %v: job %s was cancelled; after apply said Ready job %s is %s, ready %v", controller, before.JobID, after.JobID, state, after.Ready)
		}
	}
	w.must("delete", "experiment", "e2e", "--yes", "--timeout", "2m")
}

// TestSlurmSilentForReaders: without a controller and without slurmctld a reader answers at once, and shows a service as
// Unknown, with the endpoint that answers.
func TestSlurmSilentForReaders(t *testing.T) {
	measures(t, 10*time.Second)
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	w.must("apply", "-f", w.write("e2e.yaml", llm("m1", 1, "30m", "")), "--timeout", "90s")
	if err := c.StopController(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	out := w.must("get", "services")
	if took := time.Since(begun); took > 4*time.Second { // 2 s, and what a busy machine adds to starting a process
		t.Errorf("get took %s", took)
	}
	if !strings.Contains(out, "   Unknown ") || !strings.Contains(out, "http://") {
		t.Errorf("without slurmctld the service is Unknown, and its endpoint answers:\n%s", out)
	}
	if err := c.StartController(); err != nil {
		t.Fatal(err)
	}
	w.until("Ready again", 30*time.Second, func() (bool, string) {
		out := w.must("get", "services")
		return strings.Contains(out, "   Ready "), out
	})
	w.must("delete", "experiment", "e2e", "--yes", "--timeout", "2m")
}
