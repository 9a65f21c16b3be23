package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// twoRanks is a server on two nodes that says nothing of Ray: the version on the node decides.
const twoRanks = slurmSite + `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: ranks}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: m}
      nodes: 2
      resources: {partition: gpu, gpusPerNode: 4}
      restart: {backoff: 1s}
`

// TestRanks: a vLLM of today runs on two nodes without Ray, and the rank that dies is named. An older one gets its Ray cluster.
func TestRanks(t *testing.T) {
	beside(t, 25*time.Second)
	c := startSlurm(t)
	dir := t.TempDir()
	for _, name := range []string{"vllm", "ray"} {
		if err := os.Symlink(standin, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	w := newTestWorld(t, "SLURM_CONF="+c.Conf(), "PATH="+dir+":"+os.Getenv("PATH"))
	file := w.write("ranks.yaml", twoRanks)
	w.must("apply", "-f", file, "--timeout", "2m")
	stop := w.controller()
	f := &factory{testWorld: w, conf: c.Conf()}
	if out := w.must("describe", "service", "ranks/llm"); !strings.Contains(out, "OpenRanks") {
		t.Errorf("nothing says that the nodes ask each other for no key:\n%s", out)
	}
	if err := syscall.Kill(f.find(t, "--node-rank\x001"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.until("the reason", time.Minute, func() (bool, string) {
		out := w.must("describe", "service", "ranks/llm")
		return strings.Contains(out, "RankDied") && strings.Contains(out, "rank 1, on node 2 of the job"), out
	})
	w.until("it is back", time.Minute, func() (bool, string) { s := w.seat("ranks", "llm"); return s.Ready, fmt.Sprintf("%+v", s) })

	old := filepath.Join(dir, "old-vllm")
	if err := os.WriteFile(old, []byte("#!/bin/sh\n[ \"$1\" = --version ] && echo 0.11.2 || exec "+filepath.Join(dir, "vllm")+" \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.must("apply", "-f", w.write("ranks.yaml", strings.Replace(twoRanks, "{model: m}", "{model: m, command: ["+old+", serve]}", 1)), "--timeout", "2m")
	f.find(t, "ray\x00start\x00--block")
	f.find(t, "--distributed-executor-backend\x00ray")
	stop()
	w.must("delete", "experiment", "ranks", "--yes", "--timeout", "1m")
	if left := squeue(t, c, "-o", "%i %j"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}
