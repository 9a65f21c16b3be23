package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// knee applies a manifest with one search, and returns what it found.
func knee(t *testing.T, w *testWorld, name, manifest string) v1alpha1.SearchStatus {
	t.Helper()
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	if out, err := w.command(ctx, "apply", "-f", w.write(name+".yaml", manifest), "--timeout", "29m").CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
	all := w.status(name).Benchmarks
	if len(all) != 1 || len(all[0].Searches) != 1 {
		t.Fatalf("%s is not one search: %+v", name, all)
	}
	s := all[0].Searches[0]
	t.Logf("%s: %s (%s), %d runs, %s", name, s.Message, s.Reason, s.Runs, time.Since(start).Round(time.Second))
	for _, l := range s.Loads {
		t.Logf("  %s %g: %s, %d run(s), %+v %s", s.By, l.Load, l.Verdict, l.Runs, l.Parts, l.Why)
	}
	w.must("delete", "experiment", name, "--yes", "--timeout", "2m")
	return s
}

// simulatedSearch is a search on a stand-in that runs so many requests at a time, each of which takes 20 + 3 x 50 = 170 ms.
func simulatedSearch(name string, running int, search string, prompts int) string {
	return fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: %s}
spec:
  site: local
  whenDone: Stop
  services:
    - {name: llm, vllm: {model: m, simulate: {ttft: 20ms, itl: 50ms, maxRunning: %d}}}
  benchmarks:
    - name: capacity
      target: llm
      retryInvalid: 9 # this machine can be busy
      serving: {dataset: random, prompts: %d, inputTokens: 16, outputTokens: 4, seed: 1}
      search: %s
`, name, running, prompts, search)
}

// TestSearchFindsTheKneeTwice: a stand-in that runs four requests at a time has no queue at a concurrency of four; at five, one of
// them always waits, 42 ms on average. Two searches of it say so.
func TestSearchFindsTheKneeTwice(t *testing.T) {
	searches(t)
	w := newTestWorld(t)
	for _, name := range []string{"first", "second"} {
		s := knee(t, w, name, simulatedSearch(name, 4, "{concurrency: {from: 3, to: 12}, slo: {ttft_p90: 45ms}}", 60))
		if s.Reason != "SearchFound" || s.Kept != 4 || s.Missed != 5 {
			t.Errorf("the %s search: %s: %g to %g, and the server runs 4 at a time", name, s.Reason, s.Kept, s.Missed)
		}
	}
}

// searches are long, a minute each at least, and want a machine of their own.
func searches(t *testing.T) {
	if os.Getenv("ASSAY_SEARCHES") == "" {
		t.Skip("takes minutes: set ASSAY_SEARCHES=1")
	}
}

// waiting is the share of requests that wait at most so long, in s, of servers that take the same time for each, at a rate of
// random arrivals.
func waiting(servers int, takes, rate, most float64) float64 {
	r, free, at, kept := rand.New(rand.NewPCG(1, 1)), make([]float64, servers), 0.0, 0
	const n = 400_000
	for range n {
		at += r.ExpFloat64() / rate
		i := slices.Index(free, slices.Min(free))
		start := max(at, free[i])
		if free[i] = start + takes; start-at <= most {
			kept++
		}
	}
	return float64(kept) / n
}

// TestSearchOfARate finds the highest rate twice, and it is that of a queue with eight servers of which each request needs one
// for 170 ms: 47 requests/s would keep them busy all the time, and somewhat less lets 75 of 100 wait at most 60 ms.
func TestSearchOfARate(t *testing.T) {
	searches(t)
	const takes, most, precision = 0.170, 0.060, 0.10
	lo, hi := 10.0, 8/takes
	for hi-lo > 0.01 {
		if mid := (lo + hi) / 2; waiting(8, takes, mid, most) >= 0.75 {
			lo = mid
		} else {
			hi = mid
		}
	}
	t.Logf("the queue keeps the objective up to %.1f requests/s", lo)
	w := newTestWorld(t)
	found := foundTwice(t, w, precision, func(name string) string {
		return simulatedSearch(name, 8, "{rate: {from: 16, to: 64}, slo: {ttft_p75: 80ms}, precision: 10%}", 600)
	})
	for _, s := range found {
		if s.Missed > s.Kept*(1+precision)*1.0001 {
			t.Errorf("%g to %g is not within the precision", s.Kept, s.Missed)
		}
		if s.Kept > lo*(1+precision) || s.Missed < lo/(1+precision) {
			t.Errorf("a search found %g to %g, and the queue's knee is %.1f", s.Kept, s.Missed, lo)
		}
	}
}

// foundTwice runs two searches of one kind, which must end by finding the same knee, each within its precision.
func foundTwice(t *testing.T, w *testWorld, precision float64, search func(name string) string) (found []v1alpha1.SearchStatus) {
	t.Helper()
	for _, name := range []string{"first", "second"} {
		s := knee(t, w, name, search(name))
		if found = append(found, s); s.Reason != "SearchFound" {
			t.Errorf("the %s search: %s: %s", name, s.Reason, s.Message)
		}
	}
	a, b := found[0], found[1]
	if ratio := math.Max(a.Kept, b.Kept) / math.Min(a.Kept, b.Kept); math.Max(a.Kept, b.Kept) >= math.Min(a.Missed, b.Missed) && ratio > 1+precision {
		t.Errorf("one search found %g to %g, the other %g to %g", a.Kept, a.Missed, b.Kept, b.Missed)
	}
	return found
}

// TestSearchOfChroma: the highest number of queries in flight at which a real Chroma answers one of two within a bound is found
// twice. It takes turns, so that the bound, 17/8 of what it needs with four, lies between eight and nine. The median is where most queries cross the bound at once; of the p90 so little
// changes from load to load that the noise between runs hides it.
func TestSearchOfChroma(t *testing.T) {
	searches(t)
	chroma := strings.Fields(os.Getenv("ASSAY_CHROMA"))
	if len(chroma) == 0 {
		t.Skip("no real Chroma: set ASSAY_CHROMA to its command line, for example ASSAY_CHROMA=chroma")
	}
	w := newTestWorld(t)
	manifest := func(name, benchmark string) string {
		return fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: %s}
spec:
  site: local
  services:
    - {name: docs, chroma: {command: ["%s"]}}
  benchmarks:
    - {name: capacity, target: docs, retryInvalid: 9, %s}
`, name, strings.Join(chroma, `", "`), benchmark)
	}
	w.must("apply", "-f", w.write("four.yaml", manifest("four", "vector: {vectors: 2000, dimension: 128, concurrency: [4], duration: 5s, seed: 1}")), "--timeout", "5m")
	bound := 17.0 / 8 * w.status("four").Runs[0].Metrics["query_c4_median_ms"]
	w.must("delete", "experiment", "four", "--yes", "--timeout", "2m")
	foundTwice(t, w, 0.25, func(name string) string {
		return manifest(name, fmt.Sprintf("vector: {vectors: 2000, dimension: 128, duration: 3s, seed: 1}, search: {concurrency: {from: 2, to: 64}, slo: {latency_p50: %.2fms}, precision: 25%%}", bound))
	})
}
