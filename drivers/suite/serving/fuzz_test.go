package serving

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"assay/drivers"
)

// FuzzServerMetrics: whatever a server shows before, during and after a run, what is reported of it are numbers that JSON
// has, because a result that cannot be written is lost with all that was measured.
func FuzzServerMetrics(f *testing.F) {
	const text = "# TYPE vllm:request_queue_time_seconds histogram\nvllm:request_queue_time_seconds_bucket{le=\"+Inf\"} 2\nvllm:request_queue_time_seconds_sum 3\nvllm:request_queue_time_seconds_count 2\n" +
		"# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{model_name=\"m\"} 7\n# TYPE vllm:num_preemptions_total counter\nvllm:num_preemptions_total 1\n# TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc 0.5\n"
	f.Add([]byte(""), []byte(text))
	f.Add([]byte(text), []byte(text))
	f.Add([]byte(""), []byte("# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running NaN\n"))
	f.Add([]byte(""), []byte("# TYPE vllm:num_preemptions_total counter\nvllm:num_preemptions_total +Inf\n"))
	f.Add([]byte(""), []byte("# TYPE vllm:request_queue_time_seconds histogram\nvllm:request_queue_time_seconds_sum NaN\nvllm:request_queue_time_seconds_count 2\n"))
	f.Fuzz(func(t *testing.T, before, after []byte) {
		first, last := reading{}, reading{}
		if first.addText("a", before) != nil || last.addText("a", after) != nil {
			return
		}
		if len(first) > len(before) || len(last) > 2*len(after) {
			t.Errorf("%d and %d metrics of %d and %d bytes", len(first), len(last), len(before), len(after))
		}
		res := drivers.SuiteResult{Metrics: map[string]float64{}}
		s := scrapes{before: true, after: true, grown: map[string]float64{}, reset: map[string]bool{}, during: []second{first.second(0), last.second(1)}}
		s.add(first, last)
		s.report(&res, 0, 1)
		for name, v := range res.Metrics {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s is %v", name, v)
			}
		}
	})
}

// FuzzIdentify: whatever a server answers for its models and its version, either it serves the model or there is an error,
// and as encoding/json sees it.
func FuzzIdentify(f *testing.F) {
	f.Add([]byte(`{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm"}]}`), []byte(`{"version":"0.13.0"}`))
	f.Add([]byte(`{"data":[{"id":"n"},{"id":"m","owned_by":"assay-simulator"}]}`), []byte(`{"version":null}`))
	f.Add([]byte(`{"data":null}`), []byte(`{"version":-1}`))
	f.Add([]byte(`[]`), []byte(`0.x`))
	var models, version []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/version" {
			_, _ = w.Write(version)
			return
		}
		_, _ = w.Write(models)
	}))
	f.Cleanup(srv.Close)
	c := newClient([]string{srv.URL}, 0, 1, 1)
	f.Cleanup(c.close)
	f.Fuzz(func(t *testing.T, list, about []byte) {
		models, version = list, about
		s, err := c.identify(t.Context(), "m")
		var want struct{ Data []struct{ ID string } }
		serves := false
		if json.Unmarshal(list, &want) == nil {
			for _, m := range want.Data {
				serves = serves || m.ID == "m"
			}
		}
		if serves != (err == nil) || len(s.version) > 3*len(about) {
			t.Errorf("%q, %q: %+v, %v", list, about, s, err)
		}
		if d := s.candidates(); len(d) != 4 {
			t.Errorf("%q is asked in %v", about, d)
		}
	})
}
