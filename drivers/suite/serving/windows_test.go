package serving

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/sse"
	"assay/drivers/suite/series"
)

func taking(sent, ended time.Duration, events ...time.Duration) record {
	s := sample{due: sent, free: sent}
	s.sent, s.ended = sent, ended
	s.answer = sse.Answer{Events: events, Usage: true, Completion: len(events)}
	return newRecord(s)
}

// The window begins when the usual number is in flight and ends when it is left for good; tokens outside are not counted.
func TestSteady(t *testing.T) {
	const s = time.Second
	records := []record{taking(0, 10*s, s, 5*s, 10*s), taking(1*s, 9*s, 2*s, 8*s), taking(2*s, 8*s, 3*s, 4*s)}
	from, to, ok := steady(records)
	if !ok || from != 2*s || to != 8*s {
		t.Fatalf("%v to %v, %v", from, to, ok)
	}
	sum := summarise(records)
	m := map[string]float64{}
	sum.steadyReport(m, from, to, ok)
	if m["steady_s"] != 6 || math.Abs(m["steady_output_throughput"]-5.0/6) > 1e-9 {
		t.Errorf("%v", m)
	}
	if n := sum.crowd().most(); n != 3 {
		t.Errorf("%d at most", n)
	}
	if n := sum.busiestSecond(); n != 1 {
		t.Errorf("%v tokens in the busiest second", n)
	}
	// requests that end the moment they begin, all at once
	if _, _, ok := steady([]record{taking(s, s, s), taking(s, s, s)}); ok {
		t.Error("a window in no time")
	}
}

// Goodput divides by everything that was attempted.
func TestGoodput(t *testing.T) {
	ms := time.Millisecond
	failed := sample{outcome: outcome{ended: 100 * ms, failure: &suite.Failure{Kind: "timeout"}}}
	records := []record{taking(0, 100*ms, 10*ms, 100*ms), taking(0, 100*ms, 60*ms, 100*ms), newRecord(failed)}
	sum := summarise(records)
	m := map[string]float64{}
	sum.goodput(m, &v1alpha1.Goodput{TTFT: v1alpha1.Duration(50 * ms)})
	if math.Abs(m["goodput_rate_percent"]-100.0/3) > 1e-9 || math.Abs(m["request_goodput"]-10) > 1e-9 {
		t.Errorf("%v", m)
	}
}

// What the server says of itself is taken over exactly the measured window.
func TestServerMetrics(t *testing.T) {
	f := &flawed{knows: structuredOutputs}
	var asked atomic.Int64
	url := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			f.ServeHTTP(w, r)
			return
		}
		n := asked.Add(1)
		fmt.Fprintf(w, "# TYPE vllm:request_queue_time_seconds histogram\n"+
			"vllm:request_queue_time_seconds_bucket{le=\"+Inf\"} %[1]d\nvllm:request_queue_time_seconds_sum %[2]g\nvllm:request_queue_time_seconds_count %[1]d\n"+
			"# TYPE vllm:prefix_cache_hits_total counter\nvllm:prefix_cache_hits_total %[3]d\n# TYPE vllm:prefix_cache_queries_total counter\nvllm:prefix_cache_queries_total %[4]d\n",
			10*n, 0.5*float64(n), 25*n, 100*n)
	}))
	res, _, err := measure(t, spec(nil), url)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"server_queue_mean_ms": 50, "server_prefix_cache_hit_percent": 25} {
		if math.Abs(res.Metrics[name]-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, res.Metrics[name], want)
		}
	}
}

// A server that puts several tokens into a chunk is seen for what it does, and spoils nothing.
func TestSeveralTokensAChunk(t *testing.T) {
	f := &flawed{knows: structuredOutputs, misbehave: func(_ int, w http.ResponseWriter, text string) bool {
		emit(w, false, text[:1], nil)
		time.Sleep(10 * time.Millisecond)
		emit(w, false, text[1:], "stop")
		fmt.Fprintf(w, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":12}}\n\ndata: [DONE]\n\n")
		return true
	}}
	res, _, err := measure(t, spec(nil), serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics(t, res, map[string]float64{"completed": 20, "tokens_per_chunk": 6, "correct_rate_percent": 100, "output_tokens": 240})
	if chunks, tokens := res.Metrics["itl_median_ms"], res.Metrics["itl_token_median_ms"]; chunks < 9 || math.Abs(tokens-chunks/6) > 1e-9 {
		t.Errorf("gaps of %v ms between chunks, %v ms between tokens", chunks, tokens)
	}
	if !slices.Equal(reasons(res), []string{suite.ReasonCoalesced}) {
		t.Errorf("%v", res.Reasons)
	}
}

// A server that drops one stream in twenty makes the result invalid, by name, and no latency of a dropped one is counted.
func TestDropped(t *testing.T) {
	f := &flawed{knows: structuredOutputs, misbehave: func(n int, w http.ResponseWriter, text string) bool {
		if n%20 != 7 {
			return false
		}
		emit(w, false, text[:1], nil)
		time.Sleep(300 * time.Millisecond)
		panic(http.ErrAbortHandler)
	}}
	res, dir, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Prompts, v.Concurrency = 200, 8 }), serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics(t, res, map[string]float64{"completed": 190, "failed_connection_lost": 10, "error_rate_percent": 5})
	if res.Valid || res.Metrics["e2el_p95_ms"] > 290 || outcomes(t, dir)["connection_lost"] != 10 {
		t.Errorf("valid %v, e2el p95 %v ms, %v", res.Valid, res.Metrics["e2el_p95_ms"], res.Reasons)
	}
}

// A server that asks for a key gets it in every request, and a file that is gone is said.
func TestKey(t *testing.T) {
	f := &flawed{knows: structuredOutputs}
	var without atomic.Int64
	url := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			without.Add(1)
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		f.ServeHTTP(w, r)
	}))
	key := file(t, "s3cret\n")
	req := request0(url)
	req.TokenFile = key
	dir := t.TempDir()
	res, err := Suite{}.Run(t.Context(), req, dir, func(string) {})
	if err != nil || res.Metrics["completed"] != 20 || without.Load() != 0 {
		t.Errorf("%v, %v completed, %d without", err, res.Metrics["completed"], without.Load())
	}
	if leaks(t, dir, "s3cret") {
		t.Error("the key is in the run's directory")
	}
	req.TokenFile = key + ".gone"
	if _, err := (Suite{}).Run(t.Context(), req, dir, func(string) {}); err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("%v", err)
	}
}

// Free text end to end: nothing is scored, lengths are what was asked for, everything goes at its stage's moment.
func TestFreeTextRun(t *testing.T) {
	f := &flawed{knows: structuredOutputs}
	no := 0.0
	res, _, err := measure(t, spec(func(v *v1alpha1.Serving) {
		v.Dataset, v.InputTokens, v.StructuredRatio, v.Concurrency = "random", 20, &no, 0
		v.Stages = []v1alpha1.Stage{{Rate: 200, Prompts: 10}, {Rate: 400, Prompts: 10}}
		v.Goodput = &v1alpha1.Goodput{E2EL: v1alpha1.Duration(10 * time.Second)}
	}), serve(t, f))
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics(t, res, map[string]float64{"completed": 20, "stage1_failed": 0, "stage2_failed": 0, "goodput_rate_percent": 100})
	if _, scored := res.Metrics["correct_rate_percent"]; scored {
		t.Error("free text was scored")
	}
	for _, body := range f.bodies {
		if p, _ := body["prompt"].(string); len(strings.Fields(p)) < 10 {
			t.Errorf("prompt %q", p)
		}
	}
}

// TestSteadyOfLongOpenLoop: the window of an open loop begins when the request behind the warm-up was due, however far from the last one its row
// lies.
func TestSteadyOfLongOpenLoop(t *testing.T) {
	for _, n := range []int{500, 9001} {
		samples := happened(rand.New(rand.NewPCG(1, 2)), n, 0, 400, 1, false)
		var records []record
		var latencies []float64
		for _, s := range samples {
			records, latencies = append(records, newRecord(s)), append(latencies, (s.ended-s.due).Seconds())
		}
		l := judgeLoad(records, &v1alpha1.Serving{Rate: 400}, true)
		if from, to := samples[series.WarmUp(latencies)].due, samples[n-1].due; !l.steady || l.start != from || l.end != to {
			t.Errorf("%d requests: %v to %v, %v; want %v to %v", n, l.start, l.end, l.steady, from, to)
		}
	}
}
