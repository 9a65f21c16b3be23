package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// TestLlamaServer serves a tiny model with a real llama.cpp and measures it: its options, probes, key, door and version, what its
// metrics say, and a run. It is opt-in: ASSAY_LLAMA_SERVER is the path of a llama-server; one on PATH is taken too.
func TestLlamaServer(t *testing.T) {
	server, err := exec.LookPath(cmp.Or(os.Getenv("ASSAY_LLAMA_SERVER"), "llama-server"))
	if err != nil {
		t.Skipf("no llama-server (%v): install llama.cpp, or set ASSAY_LLAMA_SERVER=/path/to/llama-server", err)
	}
	w := newTestWorld(t)
	model := filepath.Join(w.dir, "tiny.gguf")
	tinyModel(t, model)
	manifest := fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: real}
spec:
  site: local
  services:
    - name: llm
      llamacpp: {model: %s, command: [%s], args: {threads: 1, ctx-size: 4096, parallel: 4}}
      ready: {within: 2m, stableFor: 1s}
  benchmarks:
    - {name: open, target: llm, retryInvalid: 0, serving: {dataset: random, prompts: 40, rate: 2, inputTokens: 16, outputTokens: 8, seed: 1}}
    - {name: closed, target: llm, retryInvalid: 0, serving: {dataset: random, prompts: 200, concurrency: 4, inputTokens: 16, outputTokens: 8, seed: 1}}
    - {name: json, target: llm, retryInvalid: 0, serving: {dataset: json, prompts: 20, concurrency: 4, outputTokens: 64, seed: 1}}
    - {name: choice, target: llm, retryInvalid: 0, serving: {dataset: choice, prompts: 20, concurrency: 4, outputTokens: 64, seed: 1}}
    - {name: grammar, target: llm, retryInvalid: 0, serving: {dataset: grammar, prompts: 20, concurrency: 4, outputTokens: 128, seed: 1}}
`, model, server)
	t.Cleanup(func() { // a server that a failed test left would run on
		if t.Failed() {
			_ = w.command(context.Background(), "delete", "experiment", "real", "--yes", "--timeout", "1m").Run()
		}
	})
	applied(t, w, w.write("real.yaml", manifest))
	w.strangersAskLlama(t)
	st := w.status("real")
	if len(st.Runs) != 5 {
		t.Fatalf("%d runs", len(st.Runs))
	}
	for _, r := range st.Runs {
		t.Logf("%s: %v", r.ID, r.Metrics)
		m := r.Metrics
		if r.Phase != v1alpha1.RunComplete || r.Simulated || m["completed"] == 0 || m["failed"] != 0 || m["output_throughput"] <= 0 {
			t.Errorf("%s is %s, simulated %v, %g failed: %+v", r.ID, r.Phase, r.Simulated, m["failed"], r.Conditions)
		}
		switch r.Benchmark {
		case "open", "closed":
			if m["output_tokens"] != 8*m["completed"] {
				t.Errorf("%s: %g tokens for %g answers of 8", r.ID, m["output_tokens"], m["completed"])
			}
			if b, err := os.ReadFile(filepath.Join(r.Dir, "run.json")); err != nil || !strings.Contains(string(b), "counted by the server's /tokenize") {
				t.Errorf("%s: prompts are not counted by the server: %v", r.ID, err)
			}
		case "json": // random weights write on within a string
			if m["violated_rate_percent"] != 0 {
				t.Errorf("%s: %v", r.ID, m)
			}
		default:
			if m["correct_rate_percent"] != 100 {
				t.Errorf("%s: %g %% are right", r.ID, m["correct_rate_percent"])
			}
		}
	}
	w.must("delete", "experiment", "real", "--yes")
}

// strangersAskLlama: whatever the server answers without a key, its door does not.
func (w *testWorld) strangersAskLlama(t *testing.T) {
	t.Helper()
	endpoint := w.seat("real", "llm").Endpoint
	for _, path := range []string{"/v1/models", "/metrics", "/slots", "/props", "/health", "/"} {
		res, err := http.Get(endpoint + path)
		if err != nil {
			t.Fatal(err)
		}
		if res.Body.Close(); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s without the key: %s", path, res.Status)
		}
	}
	var list struct{ Data []struct{ ID string } }
	if err := fetch(endpoint+"/v1/models", "", &list, "Bearer "+strings.TrimSpace(w.must("key", "real/llm"))); err != nil || len(list.Data) != 1 || list.Data[0].ID != "tiny" {
		t.Errorf("with the key: %v %+v", err, list)
	}
}
