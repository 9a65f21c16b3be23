package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// clients is an experiment whose benchmarks run everywhere that clients can.
const clients = slurmSite + `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: clients}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 2ms, itl: 1ms}}
      nodes: 2
      resources: {partition: gpu, gpusPerNode: 4}
    - {name: scratch, lustre: {path: scratch}}
  benchmarks:
    - {name: beside, target: llm, retryInvalid: 0, serving: &load {dataset: choice, prompts: 120, outputTokens: 8, concurrency: 6, seed: 1}}
    - {name: two-beside, target: llm, retryInvalid: 0, run: {nodes: 2}, serving: *load}
    - {name: apart, target: llm, retryInvalid: 0, run: {on: job, nodes: 3, resources: {partition: cpu}}, serving: {dataset: choice, prompts: 120, outputTokens: 8, rate: 200, seed: 1}}
    - {name: here, target: llm, retryInvalid: 0, run: {on: controller}, serving: *load}
    - {name: disk, target: scratch, retryInvalid: 0, storage: {engine: native, nodes: 2, stonewall: 1s, transferSize: 64Ki}}
`

// TestClients: the clients of a benchmark run where the manifest says, on as many nodes as it says, and every node's
// requests are in the one result.
func TestClients(t *testing.T) {
	beside(t, 45*time.Second)
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	w.must("apply", "-f", w.write("clients.yaml", clients), "--timeout", "3m")
	server := w.seat("clients", "llm")
	runs := map[string]v1alpha1.RunStatus{}
	for _, r := range w.counted("clients") {
		runs[r.Benchmark] = r
	}
	for name, want := range map[string]struct {
		job   func(id string) bool
		nodes float64
	}{
		"beside":     {func(id string) bool { return id == server.JobID }, 0},
		"two-beside": {func(id string) bool { return id == server.JobID }, 2},
		"apart":      {func(id string) bool { return id != server.JobID && !strings.HasPrefix(id, "here-") }, 3},
		"here":       {func(id string) bool { return strings.HasPrefix(id, "here-") }, 0},
	} {
		r := runs[name]
		if r.Phase != v1alpha1.RunComplete || !want.job(r.JobID) {
			t.Errorf("%s: %s in job %q; the server's is %s: %s", name, r.Phase, r.JobID, server.JobID, r.Reason)
			continue
		}
		if r.Metrics["completed"] != 120 || r.Metrics["failed"] != 0 || r.Metrics["client_nodes"] != want.nodes {
			t.Errorf("%s: %v completed, %v failed, %v nodes", name, r.Metrics["completed"], r.Metrics["failed"], r.Metrics["client_nodes"])
		}
		lines := strings.Count(w.must("get", "runs", r.ID, "-o", "samples"), "\n")
		if lines != 121 {
			t.Errorf("%s has %d lines of samples", name, lines)
		}
	}
	if r := runs["disk"]; r.Phase != v1alpha1.RunComplete || r.Metrics["nodes"] != 2 || r.Metrics["ior_easy_write_gibs"] <= 0 {
		t.Errorf("disk: %s %s %v", r.Phase, r.Reason, r.Metrics)
	}
	var res drivers.SuiteResult
	b, err := os.ReadFile(filepath.Join(runs["apart"].Dir, drivers.ResultFile))
	if err != nil || json.Unmarshal(b, &res) != nil {
		t.Fatalf("%v %s", err, b)
	}
	if !res.Simulated || len(strings.Split(res.Versions["client_nodes"], ",")) != 3 {
		t.Errorf("simulated %v, versions %v", res.Simulated, res.Versions)
	}
	w.must("delete", "experiment", "clients", "--yes", "--timeout", "1m")
	if left := squeue(t, c, "-o", "%i %j"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

// together is an experiment that asks what a storage benchmark does to a server, and the reverse: alone, then together.
const together = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: mixed}
spec:
  site: local
  services:
    - {name: llm, vllm: {model: m, simulate: {ttft: 2ms, itl: 2ms}}}
    - {name: scratch, lustre: {path: scratch}}
  benchmarks:
    - {name: chat, target: llm, retryInvalid: 0, serving: {dataset: choice, prompts: 100, outputTokens: 8, concurrency: 1, seed: 1}}
    - {name: disk, target: scratch, retryInvalid: 0, storage: {engine: native, stonewall: 1s}}
  sweep:
    zip: {benchmarks.chat.together: ["", both], benchmarks.disk.together: ["", both]}
`

// TestTogether: interference is a point of its own, its two runs were measured at the same time, and those alone were not.
func TestTogether(t *testing.T) {
	beside(t, 20*time.Second)
	w := newTestWorld(t)
	w.must("apply", "-f", w.write("mixed.yaml", together), "--timeout", "2m")
	byPoint := map[string]v1alpha1.RunStatus{}
	for _, r := range w.counted("mixed") {
		if r.Phase != v1alpha1.RunComplete {
			t.Errorf("%s: %s %s", r.ID, r.Phase, r.Reason)
		}
		byPoint[r.Benchmark+" "+r.Point["overlap"]] = r
	}
	for _, name := range []string{"chat ", "disk "} {
		if _, overlap := byPoint[name].Metrics["overlap_percent"]; overlap || byPoint[name].ID == "" {
			t.Errorf("%q: %+v", name, byPoint[name])
		}
	}
	chat, disk := byPoint["chat disk"], byPoint["disk chat"]
	if chat.Metrics["overlap_percent"] <= 0 || disk.Metrics["overlap_percent"] <= 0 {
		t.Errorf("not together: %v and %v", chat.Metrics["overlap_percent"], disk.Metrics["overlap_percent"])
	}
	if chat.Started == nil || disk.Ended == nil || chat.Started.After(*disk.Ended) || disk.Started.After(*chat.Ended) {
		t.Errorf("chat ran from %v to %v, disk from %v to %v", chat.Started, chat.Ended, disk.Started, disk.Ended)
	}
	w.must("delete", "experiment", "mixed", "--yes", "--timeout", "1m")
}
