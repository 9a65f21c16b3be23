package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// walltimesManifest is a service and a sweep in jobs of two minutes, without a single restart to spare.
const walltimesManifest = slurmSite + `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: up}
spec:
  site: slurm
  services:
    - name: files
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}
      resources: {time: 2m}
      restart: {limit: 0, backoff: 1s}
---
apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: sweep}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 5ms, itl: 2ms}}
      resources: {time: 2m}
      restart: {limit: 0, backoff: 1s}
  benchmarks:
    - {name: q, target: llm, repeats: 30, timeout: 40s, serving: {dataset: random, prompts: 100, outputTokens: 64, seed: 1}}
  sweep:
    matrix: {benchmarks.q.serving.concurrency: [1, 2, 4, 8, 16, 32]}
`

// TestWalltimes leaves a service and a sweep running for as long as ASSAY_WALLTIMES says (60m is meant) and samples every
// second whether they are Ready. What counts against them is the time in which they are not, although their job neither
// waits in the queue nor starts: type
//
//	ASSAY_WALLTIMES=60m go test ./cmd/assay -run TestWalltimes -v -timeout 2h
func TestWalltimes(t *testing.T) {
	last, err := time.ParseDuration(os.Getenv("ASSAY_WALLTIMES"))
	if err != nil {
		t.Skip("it lasts as long as ASSAY_WALLTIMES says, such as 60m")
	}
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	w.write("walltimes.yaml", walltimesManifest)
	w.must("apply", "-f", "walltimes.yaml", "--wait=false")
	w.controller()
	ready, idle, jobs := map[string]int{}, map[string]int{}, map[string]map[string]bool{"up": {}, "sweep": {}}
	for deadline := time.Now().Add(last); time.Now().Before(deadline); time.Sleep(time.Second) {
		for _, e := range []string{"up", "sweep"} {
			for _, s := range w.status(e).Services {
				for _, seat := range s.Seats {
					jobs[e][seat.JobID] = true
					switch {
					case seat.Ready:
						ready[e]++
					case seat.JobState == string(drivers.JobPending), seat.JobState == string(drivers.JobRunning) && seat.Phase != drivers.PhaseReady && seat.Phase != drivers.PhaseStopped:
						// in the queue, or starting
					default:
						idle[e]++
					}
				}
			}
		}
	}
	for _, e := range []string{"up", "sweep"} {
		share := float64(ready[e]) / float64(max(1, ready[e]+idle[e]))
		t.Logf("%s: %d jobs; Ready %d s, neither Ready nor waiting nor starting %d s: %.1f %%", e, len(jobs[e]), ready[e], idle[e], 100*share)
		if share < 0.9 {
			t.Errorf("%s was Ready in %.1f %% of the time", e, 100*share)
		}
		if stalled := v1alpha1.Find(w.status(e).Conditions, v1alpha1.Stalled); stalled.Status == v1alpha1.True {
			t.Errorf("%s is Stalled: %s %s", e, stalled.Reason, stalled.Message)
		}
	}
	phases := map[string]int{}
	for line := range strings.Lines(w.must("get", "runs", "-o", "tsv")) {
		if f := strings.Split(line, "\t"); len(f) > 4 {
			phases[f[3]+" "+f[4]]++
		}
	}
	t.Log("runs by phase and validity: ", fmt.Sprint(phases))
	events := w.must("events")
	if !strings.Contains(events, "TimeLimit") {
		t.Error("no event tells of a walltime")
	}
	for _, bad := range []string{"RestartLimit", "CancelledByHand", "AgentLost", "Vanished"} {
		if strings.Contains(events, bad) {
			t.Errorf("an event says %s", bad)
		}
	}
}
