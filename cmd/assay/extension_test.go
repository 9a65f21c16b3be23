package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestExtension: a real Slurm lengthens the walltime of a running job when root asks, so that no other job is submitted and
// nothing restarts; it refuses others, and then another job takes over.
func TestExtension(t *testing.T) {
	beside(t, 65*time.Second)
	if testing.Short() {
		t.Skip("it waits for a walltime")
	}
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	w.must("apply", "-f", w.write("extended.yaml", strings.Replace(slurmSite, "extend: false", "extend: true", 1)+`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: extended}
spec:
  site: slurm
  services:
    - {name: web, process: {command: ["$(ASSAY)", serve-files, --listen, "$(HOST):$(PORT)"], probe: /healthz}, resources: {time: 4m}, renew: {policy: Overlap, drain: 5s}}
`), "--timeout", "2m")
	w.controller()
	before := w.seat("extended", "web")
	if os.Getuid() != 0 {
		w.until("another job", 5*time.Minute, func() (bool, string) {
			s := w.seat("extended", "web")
			return s.Ready && s.JobID != before.JobID, fmt.Sprintf("%+v", s)
		})
		if events := w.must("events"); strings.Count(events, "ExtensionRefused") < 1 {
			t.Errorf("no refusal:\n%s", events)
		}
		return
	}
	w.until("a longer walltime", 5*time.Minute, func() (bool, string) {
		s := w.seat("extended", "web")
		if s.JobID != "" && s.JobID != before.JobID {
			t.Fatalf("another job took over: %+v", s)
		}
		return s.Renewal != nil && s.Renewal.Extended >= 1 && s.Ready, fmt.Sprintf("%+v %+v", s, s.Renewal)
	})
	limit := squeue(t, c, "-j", before.JobID, "-o", "%l")
	if said := w.must("describe", "service", "web"); limit != "8:00" || !strings.Contains(said, "of them in place") {
		t.Errorf("its limit is %s\n%s", limit, said)
	}
}
