package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// realRanks is vLLM's CPU build on two nodes, without Ray. Its ranks talk through gloo.
const realRanks = slurmSite + `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: ranks}
spec:
  site: slurm
  services:
    - name: llm
      vllm:
        model: %[1]s/model
        command: [%[1]s/bin/vllm, serve]
        pipelineParallel: 2
        args: {load-format: dummy, dtype: float32, max-model-len: 1024, enforce-eager: true}
      nodes: 2
      resources: {partition: cpu, gpusPerNode: 0}
      env: {HF_HUB_OFFLINE: "1", VLLM_CPU_KVCACHE_SPACE: "1", VLLM_CPU_OMP_THREADS_BIND: nobind, OMP_NUM_THREADS: "1", VLLM_NO_USAGE_STATS: "1"}
      restart: {backoff: 1s}
  benchmarks:
    - {name: free, target: llm, retryInvalid: 0, serving: {dataset: random, prompts: 10, concurrency: 2, inputTokens: 32, outputTokens: 16, seed: 1}}
`

// TestVLLMRanks: a real vLLM serves from two nodes of a real Slurm without Ray, one stage of the model on each, and the rank that dies
// is named. It is opt-in, as TestVLLM is. With two workers on each node (tensorParallel: 2 too) vLLM 0.13 does not start: "assert
// local_message_queue is not None" in multiproc_executor.py.
func TestVLLMRanks(t *testing.T) {
	venv := os.Getenv("ASSAY_VLLM")
	if venv == "" {
		t.Skip("ASSAY_VLLM names no environment with vLLM; type: make test-vllm")
	}
	c := startSlurm(t)
	w := newTestWorld(t, "SLURM_CONF="+c.Conf())
	t.Cleanup(func() {
		showLogs(t, w)
		if t.Failed() {
			_ = w.command(context.Background(), "delete", "experiment", "ranks", "--yes", "--timeout", "1m").Run()
		}
	})
	applied(t, w, w.write("ranks.yaml", fmt.Sprintf(realRanks, venv)))
	runs := w.status("ranks").Runs
	if len(runs) != 1 || runs[0].Phase != v1alpha1.RunComplete || runs[0].Simulated || runs[0].Metrics["output_tokens"] != 10*16 || runs[0].Metrics["input_tokens"] != 10*32 {
		t.Fatalf("%+v", runs)
	}
	w.controller()
	f := &factory{testWorld: w, conf: c.Conf()}
	if err := syscall.Kill(f.find(t, "--headless"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.until("the dead rank is named", 3*time.Minute, func() (bool, string) {
		out := w.must("events")
		return strings.Contains(out, "RankDied") && strings.Contains(out, "rank 1, on node 2 of the job"), out
	})
	w.must("delete", "experiment", "ranks", "--yes", "--timeout", "2m")
	if left := squeue(t, c, "-o", "%i %j"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}
