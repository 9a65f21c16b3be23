package serving

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

// metered serves completions, each after 300 ms, and metrics that text makes of how many it has answered.
func metered(t *testing.T, text func(answered int64) string) string {
	var answered atomic.Int64
	f := &flawed{knows: structuredOutputs, misbehave: func(int, http.ResponseWriter, string) bool {
		time.Sleep(300 * time.Millisecond)
		answered.Add(1)
		return false
	}}
	return serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			fmt.Fprint(w, text(answered.Load()))
			return
		}
		f.ServeHTTP(w, r)
	}))
}

func eight(v *v1alpha1.Serving) { v.Prompts, v.Concurrency, v.StructuredRatio = 8, 1, new(float64) }

// TestEnginesAreNotAdded: the cache of two engines of one server is not fuller than the fuller one, and the requests of both
// are all requests.
func TestEnginesAreNotAdded(t *testing.T) {
	url := metered(t, func(int64) string {
		return "# TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc{engine=\"0\"} 0.9\nvllm:kv_cache_usage_perc{engine=\"1\"} 0.8\n" +
			"# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{engine=\"0\"} 3\nvllm:num_requests_running{engine=\"1\"} 4\n"
	})
	res, _, err := measure(t, spec(eight), url)
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics(t, res, map[string]float64{"server_kv_cache_max_percent": 90, "server_kv_cache_mean_percent": 85, "server_running_mean": 7})
}

// TestCounterReset: counters that begin anew while a run is measured say nothing about it, and the result says why.
func TestCounterReset(t *testing.T) {
	url := metered(t, func(answered int64) string {
		n := 100 + answered
		if answered >= 4 { // it was restarted
			n = answered - 4
		}
		return fmt.Sprintf("# TYPE vllm:num_preemptions_total counter\nvllm:num_preemptions_total{engine=\"0\"} %d\nvllm:num_preemptions_total{engine=\"1\"} 1000\n", n)
	})
	res, _, err := measure(t, spec(eight), url)
	if err != nil {
		t.Fatal(err)
	}
	if v, is := res.Metrics["server_preemptions"]; is {
		t.Errorf("server_preemptions is %v, of counters that began anew", v)
	}
	if !slices.Contains(reasons(res), suite.ReasonServerReset) || !strings.Contains(res.Absent["server_preemptions"], "began anew") {
		t.Errorf("reasons %v, absent %v", res.Reasons, res.Absent)
	}
}

// TestGaugesFall: a gauge that falls is no counter that began anew.
func TestGaugesFall(t *testing.T) {
	url := metered(t, func(answered int64) string {
		return fmt.Sprintf("# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running %d\n# TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc %g\n", 9-answered, 0.9-0.1*float64(answered))
	})
	res, _, err := measure(t, spec(eight), url)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(reasons(res), suite.ReasonServerReset) || res.Metrics["server_running_max"] <= res.Metrics["server_running_mean"] {
		t.Errorf("reasons %v, running %v at most, %v on average", res.Reasons, res.Metrics["server_running_max"], res.Metrics["server_running_mean"])
	}
}
