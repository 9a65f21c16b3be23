package vector

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// caching answers a query that it has seen before at once, and others after a while.
type caching struct {
	*flawed
	costs time.Duration

	mu   sync.Mutex
	seen map[string]bool
	hits atomic.Int64
}

func (c *caching) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/query") {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		c.mu.Lock()
		known := c.seen[string(body)]
		if c.seen == nil {
			c.seen = map[string]bool{}
		}
		c.seen[string(body)] = true
		c.mu.Unlock()
		if known {
			c.hits.Add(1)
		} else {
			time.Sleep(c.costs)
		}
	}
	c.flawed.ServeHTTP(w, r)
}

// TestCacheIsNamed: a server that remembers answers looks 20 times as fast as it is when it is asked the same again. It is not,
// and that it remembers is said.
func TestCacheIsNamed(t *testing.T) {
	for _, remembers := range []bool{true, false} {
		c := &caching{flawed: &flawed{maxBatch: 100}, costs: 10 * time.Millisecond}
		srv := httptest.NewServer(c)
		defer srv.Close()
		v := small
		v.Concurrency, v.Duration = []int{1, 3}, v1alpha1.Duration(time.Second)
		if !remembers {
			c.costs = 0
		}
		res, err := run(t, request("r", srv.URL, v))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("alone %.0f/s, by 1 worker %.0f/s, by 3 %.0f/s, %d hits: %v", res.Metrics["query_sequential_qps"], res.Metrics["query_c1_qps"], res.Metrics["query_c3_qps"], c.hits.Load(), res.Reasons)
		if got := slices.Contains(reasons(res), "CachedQueries"); got != remembers {
			t.Errorf("remembers %v, named %v: %v", remembers, got, res.Reasons)
		}
		if remembers && res.Metrics["query_c1_qps"] > 100 { // 10 ms a query
			t.Errorf("one worker got %.0f answers a second of a server that needs 10 ms for one", res.Metrics["query_c1_qps"])
		}
	}
}

// TestShortLevel: what lasted for a moment is no measurement.
func TestShortLevel(t *testing.T) {
	defer func(d time.Duration) { shortest = d }(shortest)
	shortest = time.Second
	srv := httptest.NewServer(&flawed{maxBatch: 100})
	defer srv.Close()
	v := v1alpha1.Vector{Duration: v1alpha1.Duration(40 * time.Millisecond), Vectors: 95, Dimension: 8, Queries: 40, TopK: 5, BatchSize: 30, Concurrency: []int{3}}
	res, err := run(t, request("r", srv.URL, v))
	if err != nil {
		t.Fatal(err)
	}
	if res.Valid || !slices.Contains(reasons(res), "ShortLevel") {
		t.Errorf("valid %v: %v", res.Valid, res.Reasons)
	}
}
