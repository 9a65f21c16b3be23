package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/slurm/cluster"
)

// slurmSite asks often: these tests own the cluster.
const slurmSite = `
apiVersion: assay/v1alpha1
kind: Site
metadata: {name: slurm}
spec:
  scheduler: slurm
  defaults: {partition: cpu, time: 30m}
  partitions: {gpu: {gpusPerNode: 4, maxNodes: 4}, cpu: {maxNodes: 4}}
  poll: {every: 1s, atMost: 5s}
  extend: false
---
`

// startSlurm brings a real cluster up, or skips the test where there is no Slurm and none is required.
func startSlurm(t *testing.T) *cluster.Cluster {
	t.Helper()
	if _, err := exec.LookPath("slurmctld"); err != nil && os.Getenv("ASSAY_REQUIRE_SLURM") != "1" {
		t.Skip("no slurmctld on PATH: apt-get install slurm-wlm slurm-client munge")
	}
	c, err := cluster.Start(t.TempDir(), 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// squeue types squeue on the test cluster: what a person would see.
func squeue(t *testing.T, c *cluster.Cluster, args ...string) string {
	t.Helper()
	cmd := exec.Command("squeue", append([]string{"-h"}, args...)...)
	cmd.Env = append(os.Environ(), "SLURM_CONF="+c.Conf())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("squeue %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func slurmDo(t *testing.T, c *cluster.Cluster, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "SLURM_CONF="+c.Conf())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// llm is a manifest with one simulated vLLM service, and an extra one when asked.
func llm(model string, nodes int, limit, extra string) string {
	return slurmSite + fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: e2e}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: %s, simulate: {ttft: 2ms, itl: 1ms}}
      nodes: %d
      resources: {partition: gpu, gpusPerNode: 4, time: %s}
      restart: {backoff: 1s}
%s`, model, nodes, limit, extra)
}

const extraService = `
    - name: files
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz, metrics: /metrics}
`

// TestSlurm walks through the life of a manifest on a real cluster.
func TestSlurm(t *testing.T) {
	beside(t, 65*time.Second)
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	// Somebody else's job whose name begins like ours: it must never be touched.
	foreign := slurmDo(t, c, "sbatch", "--parsable", "-J", "assay.e2e.llm.0.mine", "-o", "/dev/null", "--wrap", "sleep 3600")

	file := w.write("e2e.yaml", llm("m1", 1, "30m", extraService))
	w.must("apply", "-f", file, "--timeout", "90s")
	w.controller()
	ready := func() (bool, string) {
		s := w.status("e2e")
		return v1alpha1.Find(s.Conditions, v1alpha1.Ready).Status == v1alpha1.True &&
			v1alpha1.Find(s.Conditions, v1alpha1.Reconciling).Status != v1alpha1.True, fmt.Sprintf("%+v", s.Conditions)
	}
	apply := func(text string) { w.must("apply", "-f", w.write("e2e.yaml", text), "--timeout", "90s") }
	w.until("Ready", time.Minute, ready)
	first := w.seat("e2e", "llm")

	t.Run("cancelled by hand it comes back", func(t *testing.T) {
		slurmDo(t, c, "scancel", first.JobID)
		w.until("another job", time.Minute, func() (bool, string) {
			s := w.seat("e2e", "llm")
			return s.Ready && s.JobID != first.JobID, fmt.Sprintf("%+v", s)
		})
		if events := w.must("events"); !strings.Contains(events, "CancelledByHand") {
			t.Errorf("no event says why:\n%s", events)
		}
	})
	before := w.seat("e2e", "llm")

	t.Run("a shorter time limit keeps job and process", func(t *testing.T) {
		apply(llm("m1", 1, "20m", extraService))
		w.until("the new limit", 30*time.Second, func() (bool, string) {
			limit := squeue(t, c, "-j", before.JobID, "-o", "%l")
			return limit == "20:00", limit
		})
		if now := w.seat("e2e", "llm"); now.JobID != before.JobID || now.PID != before.PID {
			t.Errorf("job %s pid %d became job %s pid %d", before.JobID, before.PID, now.JobID, now.PID)
		}
	})
	t.Run("another model keeps the job and restarts the server", func(t *testing.T) {
		apply(llm("m2", 1, "20m", extraService))
		w.until("the new model", 30*time.Second, ready)
		now := w.seat("e2e", "llm")
		if now.JobID != before.JobID || now.PID == before.PID || !now.Ready {
			t.Errorf("job %s pid %d became job %s pid %d, ready %v", before.JobID, before.PID, now.JobID, now.PID, now.Ready)
		}
	})
	t.Run("a command runs in a step of the job, and its exit code is ours", func(t *testing.T) {
		out, errs, code := w.run("exec", "llm", "--", "sh", "-c", "echo $SLURM_JOB_ID $ASSAY_JOB_DIR; exit 7")
		if now := w.seat("e2e", "llm"); code != 7 || !strings.HasPrefix(out, now.JobID+" ") || !strings.Contains(out, "/jobs/e2e/llm-0/") {
			t.Errorf("exit %d, %q, %s; it is job %s", code, out, errs, now.JobID)
		}
	})
	t.Run("another node count replaces the job", func(t *testing.T) {
		out, _, code := w.run("plan", "-f", w.write("e2e.yaml", llm("m2", 2, "20m", extraService)))
		if code != 2 || !strings.Contains(out, "-/+") {
			t.Errorf("plan exits %d and prints %s", code, out)
		}
		apply(llm("m2", 2, "20m", extraService))
		w.until("two nodes", time.Minute, func() (bool, string) {
			s := w.seat("e2e", "llm")
			return s.Ready && s.JobID != before.JobID && len(s.Nodes) == 2, fmt.Sprintf("%+v", s)
		})
		if left := squeue(t, c, "-j", foreign+","+before.JobID, "-t", "running,pending", "-o", "%i"); left != foreign {
			t.Errorf("the old job should be gone and the foreign one there; squeue: %s", left)
		}
	})
	t.Run("the nodes of the job are scraped", func(t *testing.T) {
		w.until("Scraped", time.Minute, func() (bool, string) {
			for _, s := range w.status("e2e").Services {
				if cond := v1alpha1.Find(s.Conditions, v1alpha1.Scraped); cond.Status != v1alpha1.True {
					return false, fmt.Sprintf("%s %+v", s.Name, cond)
				}
			}
			return true, ""
		})
		w.until("the counters of two nodes", time.Minute, func() (bool, string) { // agents look for other nodes now and then
			targets, err := os.ReadFile(filepath.Join(w.state, "targets", "assay.json"))
			n := strings.Count(string(targets), w.seat("e2e", "llm").Nonce+"/node/")
			return err == nil && n == 2, fmt.Sprintf("of %d nodes (%v):\n%s", n, err, targets)
		})
	})
	t.Run("a removed service is cancelled", func(t *testing.T) {
		gone := w.seat("e2e", "files").JobID
		apply(llm("m2", 2, "20m", ""))
		w.until("its end", time.Minute, func() (bool, string) {
			left := squeue(t, c, "-t", "running,pending,completing", "-o", "%i")
			return !slices.Contains(strings.Fields(left), gone), left
		})
	})
	t.Run("without slurmctld nothing is known and nothing is done", func(t *testing.T) { outage(t, w, c) })

	w.must("delete", "experiment", "e2e", "--yes", "--timeout", "2m")
	if left := squeue(t, c, "-t", "running,pending", "-o", "%i"); left != foreign {
		t.Errorf("only the foreign job %s should be left; squeue: %s", foreign, left)
	}
}

// outage stops slurmctld for 30 seconds.
func outage(t *testing.T, w *testWorld, c *cluster.Cluster) {
	before := w.seat("e2e", "llm")
	jobs := squeue(t, c, "-t", "all", "-o", "%i %T")
	if err := c.StopController(); err != nil {
		t.Fatal(err)
	}
	stopped := time.Now()
	w.until("Unknown", 28*time.Second, func() (bool, string) {
		for _, s := range w.status("e2e").Services {
			if cond := v1alpha1.Find(s.Conditions, v1alpha1.Scheduled); cond.Status != v1alpha1.Unknown {
				return false, fmt.Sprintf("%+v", cond)
			}
		}
		return true, ""
	})
	time.Sleep(time.Until(stopped.Add(30 * time.Second)))
	if err := c.StartController(); err != nil {
		t.Fatal(err)
	}
	w.until("Ready again", 90*time.Second, func() (bool, string) {
		s := w.seat("e2e", "llm")
		return s.Ready && s.JobID == before.JobID && s.PID == before.PID, fmt.Sprintf("%+v", s)
	})
	if after := squeue(t, c, "-t", "all", "-o", "%i %T"); sorted(after) != sorted(jobs) {
		t.Errorf("the outage changed the jobs:\n%s\nbecame\n%s", jobs, after)
	}
}

func sorted(lines string) string {
	l := strings.Split(lines, "\n")
	slices.Sort(l)
	return strings.Join(slices.Compact(l), "\n")
}

// liveSeats counts the live jobs of each seat, as squeue lists them.
func liveSeats(t *testing.T, conf string) map[drivers.Seat]int {
	t.Helper()
	cmd := exec.Command("squeue", "-h", "-t", "running,pending,configuring,suspended", "-o", "%k")
	cmd.Env = append(os.Environ(), "SLURM_CONF="+conf)
	out, err := cmd.Output()
	if err != nil {
		return nil // slurmctld is busy: nothing was seen
	}
	live := map[drivers.Seat]int{}
	for line := range bytes.Lines(out) {
		if tag, ok := drivers.ParseTag(strings.TrimSpace(string(line))); ok {
			live[tag.Seat]++
		}
	}
	return live
}
