package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// TestVLLM measures a real vLLM, the CPU build with a tiny model of random weights, with every structured data set: its
// constraints are found by probing and enforced. It is opt-in: `make test-vllm`.
func TestVLLM(t *testing.T) {
	venv := os.Getenv("ASSAY_VLLM")
	if venv == "" {
		t.Skip("ASSAY_VLLM names no environment with vLLM; type: make test-vllm")
	}
	w := newTestWorld(t)
	sets := []string{"json", "json-unique", "grammar", "regex", "choice"}
	var manifest strings.Builder
	fmt.Fprintf(&manifest, `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: real}
spec:
  site: local
  services:
    - name: llm
      vllm:
        model: %[1]s/model
        command: [%[1]s/bin/vllm, serve]
        args: {load-format: dummy, dtype: float32, max-model-len: 1024, enforce-eager: true}
      env: {HF_HUB_OFFLINE: "1", VLLM_CPU_KVCACHE_SPACE: "1", VLLM_NO_USAGE_STATS: "1"}
  benchmarks:
`, venv)
	for _, set := range sets {
		fmt.Fprintf(&manifest, "    - {name: %s, target: llm, serving: {dataset: %[1]s, prompts: 30, concurrency: 8, outputTokens: 200, seed: 1}}\n", set)
	}
	rows := w.write("rows.jsonl", `{"prompt": [{"role": "user", "content": "A boat."}], "schema": "{\"type\": \"object\", \"properties\": {\"masts\": {\"type\": \"integer\"}}, \"required\": [\"masts\"]}"}`)
	fmt.Fprintf(&manifest, "    - {name: eval, target: llm, serving: {dataset: xgrammar_bench, api: completions, file: %s, prompts: 30, concurrency: 8, outputTokens: 200}}\n", rows)
	t.Log(w.must("apply", "-f", w.write("real.yaml", manifest.String()), "--timeout", "12m"))
	st := w.status("real")
	if len(st.Runs) != len(sets)+1 {
		t.Fatalf("%d runs, want %d", len(st.Runs), len(sets)+1)
	}
	for _, r := range st.Runs {
		t.Logf("%s: %v", r.Benchmark, r.Metrics)
		if r.Phase != v1alpha1.RunComplete || r.Simulated || r.Metrics["completed"] != 30 {
			t.Errorf("%s: %s, simulated %v, %+v", r.ID, r.Phase, r.Simulated, r.Conditions)
		}
		// Random weights seldom close a JSON object in time; what they write up to there has to keep to the constraint.
		if r.Metrics["violated_rate_percent"] != 0 || r.Metrics["completed_scored"] != 30 {
			t.Errorf("%s: %g %% of %g answers break the constraint", r.ID, r.Metrics["violated_rate_percent"], r.Metrics["completed_scored"])
		}
		if files, _ := filepath.Glob(filepath.Join(r.Dir, "*.json")); len(files) < 3 { // request, result, vLLM's own form
			t.Errorf("%s left %v", r.ID, files)
		}
	}
	plotted(t, venv, st.Runs)
	w.must("delete", "experiment", "real", "--yes")
}

// plotted has vLLM's own plotting code read our results in its form.
func plotted(t *testing.T, venv string, runs []v1alpha1.RunStatus) {
	dir := t.TempDir()
	var all []json.RawMessage
	for _, r := range runs {
		files, _ := filepath.Glob(filepath.Join(r.Dir, "benchmark_*.json"))
		if len(files) != 1 {
			t.Fatalf("%s has %v", r.ID, files)
		}
		b, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	b, err := json.Marshal(all)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "summary.json"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(venv, "bin", "vllm"), "bench", "sweep", "plot", dir, "--var-x", "total_input_tokens", "--var-y", "p99_ttft_ms").CombinedOutput()
	pictures, _ := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil || len(pictures) != 1 {
		t.Errorf("vllm bench sweep plot: %v, pictures %v\n%s", err, pictures, out)
	}
}
