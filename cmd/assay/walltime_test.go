package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// TestSlurmWalltime: a service whose job reaches its walltime on a real cluster comes back although it may not fail once,
// and one that no partition can hold is Stalled with what to do.
func TestSlurmWalltime(t *testing.T) {
	beside(t, 40*time.Second)
	if testing.Short() {
		t.Skip("it waits for a walltime of a minute")
	}
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	const declared = slurmSite + `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: short}
spec:
  site: slurm
  services:
    - name: files
      process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}
      resources: {time: 1m}
      restart: {limit: 0, backoff: 1s}
`
	w.must("apply", "-f", w.write("short.yaml", declared), "--timeout", "90s")
	w.controller()
	var first v1alpha1.SeatStatus
	w.until("Ready", time.Minute, func() (bool, string) {
		first = w.seat("short", "files")
		return first.Ready, fmt.Sprintf("%+v", first)
	})
	w.until("another job after the walltime", 3*time.Minute, func() (bool, string) {
		s := w.seat("short", "files")
		return s.Ready && s.JobID != first.JobID, fmt.Sprintf("%+v", s)
	})
	if events := w.must("events"); !strings.Contains(events, "TimeLimit") || strings.Contains(events, "RestartLimit") {
		t.Errorf("the events do not tell the walltime:\n%s", events)
	}

	slurmDo(t, c, "scontrol", "create", "PartitionName=tiny", "Nodes=n1", "MaxTime=1", "State=UP")
	large := strings.Replace(declared, "resources: {time: 1m}", "resources: {time: 20m, partition: tiny}", 1)
	large = strings.Replace(large, "cpu: {maxNodes: 4}", "cpu: {maxNodes: 4}, tiny: {}", 1)
	_, said, code := w.run("apply", "-f", w.write("short.yaml", large), "--timeout", "90s")
	if code != 1 || !strings.Contains(said, "NeverFits") || !strings.Contains(said, "PartitionTimeLimit") {
		t.Errorf("apply of what can never start exits %d and says:\n%s", code, said)
	}
	w.must("delete", "experiment", "short", "--yes", "--timeout", "2m")
}
