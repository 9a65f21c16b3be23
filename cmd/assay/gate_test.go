package main

import (
	"encoding/json"
	"testing"
	"time"

	"assay/reconciler/gate"
)

// promql is an experiment whose runs are long enough for Prometheus to have seen them.
const promql = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: asked}
spec:
  site: local
  services:
    - {name: llm, vllm: {model: m, simulate: {ttft: 50ms, itl: 2ms}}}
  benchmarks:
    - name: q
      target: llm
      serving: {dataset: choice, prompts: 300, outputTokens: 8, concurrency: 1, seed: 1}
      repeats: 2
      gates:
        - {promql: 'sum(rate(vllm:request_success_total{service="llm"}[10s]))', min: 2}
        - {promql: 'sum(rate(vllm:request_success_total{service="llm"}[10s]))', max: 2}
        - {promql: 'sum(rate(nobody_counts_this[10s]))', max: 2}
`

// TestPromQLGates: a real Prometheus is asked about the windows of the runs, after everything has ended.
func TestPromQLGates(t *testing.T) {
	measures(t, 45*time.Second)
	w := newTestWorld(t)
	w.must("apply", "-f", w.write("asked.yaml", promql), "--timeout", "3m")
	out, errs, code := w.run("gate", "asked", "-o", "json")
	var said struct {
		Verdict string
		Gates   []gate.Verdict
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("%v: %s%s", err, out, errs)
	}
	want := []string{gate.Go, gate.NoGo, gate.Inconclusive}
	if code != exitNoGo || said.Verdict != gate.NoGo || len(said.Gates) != len(want) {
		t.Fatalf("exit code %d: %s", code, out)
	}
	for i, v := range said.Gates {
		if v.Verdict != want[i] {
			t.Errorf("%s: %s, want %s: %s", v.Gate, v.Verdict, want[i], v.Reason)
		}
	}
}
