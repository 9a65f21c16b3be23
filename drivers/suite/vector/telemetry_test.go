package vector

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

// Where the environment names a collector it hears of every request, in OpenLIT's names. (Names travel as they are.)
func TestTelemetry(t *testing.T) {
	var mu sync.Mutex
	got := map[string][]byte{}
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got[r.URL.Path] = append(got[r.URL.Path], b...)
	}))
	defer collector.Close()
	t.Setenv(collectorVariable, collector.URL)
	srv := httptest.NewServer(&flawed{maxBatch: 100})
	defer srv.Close()
	res, err := run(t, request("r", srv.URL, v1alpha1.Vector{Vectors: 50, Dimension: 4, Queries: 5, TopK: 2, BatchSize: 20}))
	if err != nil || len(reasons(res)) != 0 {
		t.Fatal(err, res.Reasons)
	}
	mu.Lock()
	defer mu.Unlock()
	for path, words := range map[string][]string{
		"/v1/metrics": {"db.total.requests", "db.client.operation.duration", "openlit", "INSERT", "GET", "create_collection", "127.0.0.1", "deployment.environment", "exp", "experiment", "service", "docs", "node", "http.client.request.duration", "http.response.status_code"},
		"/v1/traces":  {"chroma GET", "chroma INSERT", "chroma create_collection", "db.system.name"},
	} {
		for _, word := range words {
			if !bytes.Contains(got[path], []byte(word)) {
				t.Errorf("%s did not hear of %s", path, word)
			}
		}
	}
}

// A collector that is not there, or takes and never answers, costs the run nothing but its telemetry and a bounded wait at
// its end.
func TestNoCollector(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts connections; the test never reads them
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	srv := httptest.NewServer(&flawed{maxBatch: 100})
	defer srv.Close()
	for name, endpoint := range map[string]string{"refuses": "http://127.0.0.1:1", "is silent": "http://" + silent.Addr().String(), "is not a URL": "::"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(collectorVariable, endpoint)
			began := time.Now()
			res, err := run(t, request("r", srv.URL, v1alpha1.Vector{Vectors: 50, Dimension: 4, Queries: 3000, TopK: 2, BatchSize: 20, Concurrency: []int{4}}))
			if err != nil || !valid(res) || !slices.Equal(reasons(res), []string{suite.ReasonTelemetryLost}) || res.Metrics["errors"] != 0 {
				t.Errorf("%v %v", err, res.Reasons)
			}
			if max := res.Metrics["query_c4_p99_ms"]; max > 1000 {
				t.Errorf("a hundredth of the queries took more than %v ms", max)
			}
			if took := time.Since(began); took > 2*exportTimeout+10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// What it costs the client to tell of a request.
func BenchmarkObserve(b *testing.B) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer silent.Close()
	b.Setenv(collectorVariable, "http://"+silent.Addr().String())
	t, err := newTelemetry(b.Context(), request("r", "http://127.0.0.1:1", v1alpha1.Vector{}))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		t.observe(observation{get, time.Now(), time.Millisecond, 200, ""})
	}
}
