package vector

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"assay/api/v1alpha1"
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
	if _, err := run(t, request("r", srv.URL, v1alpha1.Vector{Vectors: 50, Dimension: 4, Queries: 5, TopK: 2, BatchSize: 20})); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for path, words := range map[string][]string{
		"/v1/metrics": {"db.total.requests", "db.client.operation.duration", "openlit", "INSERT", "GET", "create_collection", "127.0.0.1", "deployment.environment", "exp"},
		"/v1/traces":  {"chroma GET", "chroma INSERT", "chroma create_collection", "db.system.name"},
	} {
		for _, word := range words {
			if !bytes.Contains(got[path], []byte(word)) {
				t.Errorf("%s did not hear of %s", path, word)
			}
		}
	}
}

// A collector that is not there costs the run nothing but its telemetry.
func TestNoCollector(t *testing.T) {
	t.Setenv(collectorVariable, "http://127.0.0.1:1")
	srv := httptest.NewServer(&flawed{maxBatch: 100})
	defer srv.Close()
	res, err := run(t, request("r", srv.URL, v1alpha1.Vector{Vectors: 50, Dimension: 4, Queries: 5, TopK: 2, BatchSize: 20}))
	if err != nil || !res.Valid {
		t.Errorf("%v %v", err, res.Reasons)
	}
}
