package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/view"
)

// sweepManifest has two servers and three loads: six points with two repeats each. Order says in which order the loads are written.
func sweepManifest(order string) string {
	return `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: sweep}
spec:
  site: local
  services:
    - {name: llm, vllm: {model: m, simulate: {ttft: 5ms, itl: 1ms}}}
  benchmarks:
    - {name: q, target: llm, retryInvalid: 0, repeats: 2, serving: {dataset: choice, prompts: 20, outputTokens: 16, seed: 1}}
  sweep:
    matrix:
      benchmarks.q.serving.concurrency: ` + order + `
      services.llm.vllm.simulate.itl: [1ms, 2ms]
    exclude:
      - {services.llm.vllm.simulate.itl: 2ms, benchmarks.q.serving.concurrency: 4}
`
}

// TestSweep kills an apply in the middle of a sweep and applies the file again, written in another order: what has ended
// is kept, the rest is done, and every run has ended once.
func TestSweep(t *testing.T) {
	beside(t, 25*time.Second)
	w := newTestWorld(t)
	path := w.write("sweep.yaml", sweepManifest("[1, 2, 4]"))
	first := w.command(t.Context(), "apply", "-f", path)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	ended := func() map[string]v1alpha1.RunStatus {
		out := map[string]v1alpha1.RunStatus{}
		for _, r := range w.status("sweep").Runs {
			if r.Phase == v1alpha1.RunComplete {
				out[r.Key] = r
			}
		}
		return out
	}
	w.until("some runs have ended", 2*time.Minute, func() (bool, string) { n := len(ended()); return n >= 3, fmt.Sprint(n) })
	_ = first.Process.Kill()
	_ = first.Wait() // our own kill
	before := ended()
	w.must("apply", "-f", w.write("sweep.yaml", sweepManifest("[4, 2, 1]")), "--timeout", "3m")
	after := ended()
	if len(after) != 10 {
		t.Fatalf("%d runs have ended, want 5 points x 2", len(after))
	}
	points := map[string]int{}
	for key, r := range after {
		if was, ok := before[key]; ok && was.ID != r.ID {
			t.Errorf("%s was done again as %s", was.ID, r.ID)
		}
		if v := v1alpha1.Find(r.Conditions, v1alpha1.Valid); v.Status != v1alpha1.True && !strings.HasPrefix(v.Reason, "Client") { // this machine may be busy
			t.Errorf("%s: %+v", r.ID, v)
		}
		points[view.Point(r.Point)]++
	}
	for _, p := range []string{"concurrency=1,itl=1ms", "concurrency=2,itl=1ms", "concurrency=4,itl=1ms", "concurrency=1,itl=2ms", "concurrency=2,itl=2ms"} {
		if points[p] != 2 {
			t.Errorf("point %s has %d runs", p, points[p])
		}
	}
	jobs := map[string]bool{}
	for _, r := range w.counted("sweep") {
		jobs[r.JobID] = true
	}
	if len(jobs) != 1 {
		t.Errorf("the runs were spread over jobs %v; a changed server restarts inside its own", jobs)
	}
	w.delete("sweep")
}
