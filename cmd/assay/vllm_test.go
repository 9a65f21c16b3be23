package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// TestVLLM measures a real vLLM, the CPU build with a tiny model of random weights, with every structured data set: its
// constraints are found by probing and enforced; and with free text, of exact lengths, as chats too. It is opt-in: `make test-vllm`.
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
        args: {load-format: dummy, dtype: float32, max-model-len: 1024, enforce-eager: true,
          structured-outputs-config: {backend: xgrammar, disable_any_whitespace: true}}
      env: {HF_HUB_OFFLINE: "1", VLLM_CPU_KVCACHE_SPACE: "1", VLLM_NO_USAGE_STATS: "1"}
  benchmarks:
    - {name: free, target: llm, retryInvalid: 0, serving: {dataset: random, prompts: 30, concurrency: 8, inputTokens: 64, outputTokens: 32, goodput: {ttft: 10s}}}
    - {name: chat, target: llm, retryInvalid: 0, serving: {api: chat, dataset: random, prompts: 30, concurrency: 8, inputTokens: 64, outputTokens: 32}}
`, venv)
	for _, set := range sets {
		fmt.Fprintf(&manifest, "    - {name: %s, target: llm, retryInvalid: 0, serving: {dataset: %[1]s, prompts: 30, concurrency: 8, outputTokens: 100, seed: 1}}\n", set)
	}
	rows := w.write("rows.jsonl", `{"prompt": [{"role": "user", "content": "A boat."}], "schema": "{\"type\": \"object\", \"properties\": {\"masts\": {\"enum\": [1, 2, 3]}}, \"required\": [\"masts\"], \"additionalProperties\": false}"}
{"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Sails?"}], "schema": {"type": "object", "properties": {"sails": {"type": "boolean"}}, "required": ["sails"], "additionalProperties": false}}
`)
	fmt.Fprintf(&manifest, "    - {name: eval, target: llm, retryInvalid: 0, serving: {dataset: xgrammar_bench, file: %s, prompts: 30, concurrency: 8, outputTokens: 100}}\n", rows)
	t.Cleanup(func() { // a server that a failed test left would run on: its arguments do not name this world
		if t.Failed() {
			_ = w.command(context.Background(), "delete", "experiment", "real", "--yes", "--timeout", "1m").Run()
		}
	})
	applied(t, w, w.write("real.yaml", manifest.String()))
	st := w.status("real")
	if len(st.Runs) != len(sets)+3 {
		t.Fatalf("%d runs, want %d", len(st.Runs), len(sets)+3)
	}
	for _, r := range st.Runs {
		t.Logf("%s: %v", r.Benchmark, r.Metrics)
		checkReal(t, r)
	}
	theirs := ownBench(t, venv, w.seat("real", "llm").Endpoint, strings.TrimSpace(w.must("key", "real/llm")))
	plotted(t, venv, append(ours(t, st.Runs), theirs))
	w.must("delete", "experiment", "real", "--yes")
}

// applied waits longer than other tests do: a server that imports PyTorch takes minutes on a busy machine.
func applied(t *testing.T, w *testWorld, path string) {
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
	defer cancel()
	out, err := w.command(ctx, "apply", "-f", path, "--timeout", "24m").CombinedOutput()
	if t.Logf("%s", out); err != nil {
		t.Fatalf("apply: %v", err)
	}
}

// checkReal wants a run that is complete and valid, and every constraint of it enforced and scored.
func checkReal(t *testing.T, r v1alpha1.RunStatus) {
	if r.Phase != v1alpha1.RunComplete || r.Simulated || r.Metrics["completed"] != 30 || r.Metrics["output_throughput"] <= 0 {
		t.Errorf("%s: %s, simulated %v, %+v", r.ID, r.Phase, r.Simulated, r.Conditions)
	}
	if r.Benchmark == "free" || r.Benchmark == "chat" {
		if _, scored := r.Metrics["correct_rate_percent"]; scored || r.Benchmark == "free" && r.Metrics["request_goodput"] <= 0 {
			t.Errorf("%s: %v", r.ID, r.Metrics)
		}
		exactLengths(t, r, 64, 32)
		return
	}
	// What is written has to keep to the constraint up to its end. Random weights come to an end where white space between
	// tokens is forbidden, but for the regex, in which a word may go on for ever.
	if r.Metrics["violated_rate_percent"] != 0 || r.Metrics["completed_scored"] != 30 {
		t.Errorf("%s: %g %% of %g answers break the constraint", r.ID, r.Metrics["violated_rate_percent"], r.Metrics["completed_scored"])
	}
	if r.Benchmark != "regex" && r.Metrics["correct_rate_percent"] != 100 {
		t.Errorf("%s: %g %% are right, cut short are %g %%", r.ID, r.Metrics["correct_rate_percent"], r.Metrics["truncated_rate_percent"])
	}
}

// ours are the results of all runs in vLLM's form.
func ours(t *testing.T, runs []v1alpha1.RunStatus) (all []map[string]any) {
	for _, r := range runs {
		files, _ := filepath.Glob(filepath.Join(r.Dir, "benchmark_*.json"))
		if len(files) != 1 {
			t.Fatalf("%s has %v", r.ID, files)
		}
		all = append(all, resultIn(t, files[0]))
	}
	return all
}

func resultIn(t *testing.T, path string) (v map[string]any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// ownBench has vLLM's own benchmark measure the same server, and returns its result.
func ownBench(t *testing.T, venv, endpoint, key string) map[string]any {
	dir := t.TempDir()
	t.Setenv("OPENAI_API_KEY", key)
	vllm(t, venv, "bench", "serve", "--backend", "openai", "--base-url", endpoint, "--model", venv+"/model", "--dataset-name", "random",
		"--random-input-len", "64", "--random-output-len", "32", "--num-prompts", "30", "--max-concurrency", "8", "--ignore-eos",
		"--percentile-metrics", "ttft,tpot,itl,e2el", "--metric-percentiles", "90,95,99", "--goodput", "ttft:10000",
		"--save-result", "--save-detailed", "--result-dir", dir, "--result-filename", "theirs.json")
	return resultIn(t, filepath.Join(dir, "theirs.json"))
}

func vllm(t *testing.T, venv string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(venv, "bin", "vllm"), args...)
	c.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "VLLM_NO_USAGE_STATS=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("vllm %s: %v\n%s", strings.Join(args[:3], " "), err, out)
	}
}

// plotted has vLLM's own plotting code draw our results beside its own. Every field that it writes, ours have as well, and
// of the same kind.
func plotted(t *testing.T, venv string, all []map[string]any) {
	theirs := all[len(all)-1]
	for _, one := range all {
		for field, value := range theirs {
			if got, ok := one[field]; !ok || value != nil && got != nil && fmt.Sprintf("%T", got) != fmt.Sprintf("%T", value) {
				t.Errorf("%v: vLLM's %s is %T, ours %T", one["label"], field, value, got)
			}
		}
	}
	dir := t.TempDir()
	b, err := json.Marshal(all)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "summary.json"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	vllm(t, venv, "bench", "sweep", "plot", dir, "--curve-by", "backend", "--var-x", "total_input_tokens", "--var-y", "p99_ttft_ms")
	vllm(t, venv, "bench", "sweep", "plot_pareto", dir, "--user-count-var", "max_concurrency")
	for _, pattern := range []string{"FIGURE*.png", "pareto/*.png"} {
		if pictures, _ := filepath.Glob(filepath.Join(dir, pattern)); len(pictures) == 0 {
			t.Errorf("no %s was drawn", pattern)
		}
	}
}
