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

// TestRealRayWorker: a real Ray gets its head and a worker, on two nodes of a real Slurm, and the server starts once both are there.
// A worker that dies is named, and the cluster is made anew. The server is vLLM's stand-in, which asks no Ray. It is opt-in, as
// TestRealRay is.
func TestRealRayWorker(t *testing.T) {
	ray := os.Getenv("ASSAY_RAY")
	if ray == "" {
		t.Skip("ASSAY_RAY names no Ray; type: python3 -m venv DIR && DIR/bin/pip install ray==2.52.1, and set ASSAY_RAY=DIR/bin/ray")
	}
	c := startSlurm(t)
	dir := t.TempDir()
	standin, server := built(t, "vllm", "../../drivers/service/standin"), filepath.Join(dir, "vllm")
	text := "#!/bin/sh\n[ \"$1\" = --version ] && exec " + standin + " --version\nexec " + standin + " serve m --host \"$4\" --port \"$6\"\n"
	if err := os.WriteFile(server, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	t.Cleanup(func() { showLogs(t, w) })
	w.must("apply", "-f", w.write("ray.yaml", strings.Replace(twoRanks, "{model: m}", fmt.Sprintf("{model: m, backend: ray, command: [%s, serve], ray: [%s]}", server, ray), 1)), "--wait=false")
	w.controller()
	ready := func() (bool, string) {
		s := w.seat("ranks", "llm")
		return s.Ready, fmt.Sprintf("%+v", s)
	}
	began := time.Now()
	w.until("head and worker have joined", 6*time.Minute, ready)
	t.Logf("Ready after %s", time.Since(began).Round(time.Second))
	f := &factory{testWorld: w, conf: c.Conf()}
	if err := syscall.Kill(f.find(t, "ray\x00start\x00--block"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.until("the worker's death is told", time.Minute, func() (bool, string) {
		out := w.must("events")
		return strings.Contains(out, "WorkerDied"), out
	})
	w.until("the cluster is back", 6*time.Minute, ready)
	nonce := w.seat("ranks", "llm").Nonce
	w.must("delete", "experiment", "ranks", "--yes", "--timeout", "2m")
	if left, _ := filepath.Glob("/tmp/assay-" + nonce + "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
