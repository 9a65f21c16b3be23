package vector

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

var small = v1alpha1.Vector{Vectors: 95, Dimension: 8, Queries: 40, TopK: 5, BatchSize: 30, Concurrency: []int{3}}

// The wait for the index goes on while the server is not ready, up to its limit.
func TestIndexReady(t *testing.T) {
	defer func(d time.Duration) { indexWithin = d }(indexWithin)
	busy := func(n int) int {
		if n <= 4 {
			return 503
		}
		return 0
	}
	for name, test := range map[string]struct {
		server  *flawed
		within  time.Duration
		atLeast float64 // seconds
		err     string
	}{
		"queries are refused first": {&flawed{maxBatch: 100, queryFails: busy}, time.Minute, 0.4, ""},
		"it says how far it is": {&flawed{maxBatch: 100, indexing: func(n int) string {
			return []string{`{"op_indexing_progress":0.2}`, `{"op_indexing_progress":0.9}`, `{"op_indexing_progress":1.0}`}[min(n, 3)-1]
		}}, time.Minute, 0.2, ""},
		"never ready":          {&flawed{maxBatch: 100, queryFails: func(int) int { return 503 }}, 300 * time.Millisecond, 0, "not ready within 300ms"},
		"never wholly indexed": {&flawed{maxBatch: 100, indexing: func(int) string { return `{"op_indexing_progress":0.99}` }}, 300 * time.Millisecond, 0, "not ready within"},
	} {
		t.Run(name, func(t *testing.T) {
			indexWithin = test.within
			srv := httptest.NewServer(test.server)
			defer srv.Close()
			res, err := run(t, request("r", srv.URL, small))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v", err)
				}
			} else if got := res.Metrics["index_ready_s"]; err != nil || !valid(res) || got < test.atLeast || res.Metrics["errors"] != 0 {
				t.Errorf("%v, %v, ready after %v s", err, res.Reasons, got)
			}
			if len(test.server.names) != 0 {
				t.Errorf("left behind: %v", test.server.names)
			}
		})
	}
}

// A server that hangs in the middle of the wait is given up at the deadline, not taken for ready.
func TestIndexHangs(t *testing.T) {
	defer func(d time.Duration) { indexWithin = d }(indexWithin)
	indexWithin = 300 * time.Millisecond
	f := &flawed{maxBatch: 100}
	srv := httptest.NewServer(hangs(f, "/query"))
	defer srv.Close()
	if _, err := run(t, request("r", srv.URL, small)); err == nil || !strings.Contains(err.Error(), "not ready within") || len(f.names) != 0 {
		t.Errorf("got %v, left %v", err, f.names)
	}
}

// hangs never answers requests for a path.
func hangs(f *flawed, suffix string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, suffix) {
			_, _ = http.MaxBytesReader(w, r.Body, 1<<20).Read(make([]byte, 1<<20)) // else the server does not see the client leave
			<-r.Context().Done()
			return
		}
		f.ServeHTTP(w, r)
	})
}

// A collection goes away when its creation only seemed to fail, and when the run is stopped while the server hangs.
func TestNothingIsLeft(t *testing.T) {
	f := &flawed{maxBatch: 100, createFail: true}
	srv := httptest.NewServer(f)
	defer srv.Close()
	if _, err := run(t, request("r", srv.URL, small)); err == nil || !strings.Contains(err.Error(), "creating collection") || len(f.names) != 0 {
		t.Errorf("got %v, left %v", err, f.names)
	}
	f = &flawed{maxBatch: 100}
	srv2 := httptest.NewServer(hangs(f, "/add"))
	defer srv2.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := Suite{}.Run(ctx, request("r", srv2.URL, small), t.TempDir(), func(string) {})
	if !errors.Is(err, context.DeadlineExceeded) || len(f.names) != 0 {
		t.Errorf("got %v, left %v", err, f.names)
	}
}

// Stopped while vectors are added and the server hangs: it ends at once.
func TestStoppedWhileWriting(t *testing.T) {
	f := &flawed{maxBatch: 100}
	var srv *httptest.Server
	hanging := hangs(f, "/add")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.mu.Lock(); len(f.batches) < 4 || !strings.HasSuffix(r.URL.Path, "/add") {
			f.mu.Unlock()
			f.ServeHTTP(w, r)
			return
		}
		f.mu.Unlock()
		time.AfterFunc(50*time.Millisecond, cancel)
		hanging.ServeHTTP(w, r)
	}))
	defer srv.Close()
	v := small
	v.Rate, v.Writes = 50, 50
	began := time.Now()
	_, err := Suite{}.Run(ctx, request("r", srv.URL, v), t.TempDir(), func(string) {})
	if took := time.Since(began); !errors.Is(err, context.Canceled) || took > 5*time.Second || len(f.names) != 0 {
		t.Errorf("got %v after %s, left %v", err, took, f.names)
	}
}

func TestFilters(t *testing.T) {
	v := small
	v.Vectors, v.Filters = 300, []float64{0.07, 0.5, 0.5001, 0.001, 0.01} // one in a hundred are fewer than the 5 asked for
	for _, ignored := range []bool{false, true} {
		srv := httptest.NewServer(&flawed{maxBatch: 100, noFilter: ignored})
		defer srv.Close()
		res, err := run(t, request("r", srv.URL, v))
		if err != nil {
			t.Fatal(err)
		}
		got := reasons(res)
		if ignored {
			if res.Valid || !slices.Contains(got, suite.ReasonNothingCompleted) || res.Metrics["failed_filter_ignored"] < 40 {
				t.Errorf("a server that ignores filters: %v %v", got, res.Metrics["failed_filter_ignored"])
			}
			continue
		}
		if !valid(res) || len(got) != 0 {
			t.Errorf("%v", res.Reasons)
		}
		for _, name := range []string{"7pct", "50pct", "1pct", "0.1pct"} {
			share := res.Metrics["query_filter_"+name+"_selected_percent"]
			if r := res.Metrics["query_filter_"+name+"_recall_at_5"]; r != 1 || share <= 0 {
				t.Errorf("%s: recall %v among %v%%", name, r, share)
			}
		}
		if res.Metrics["query_filter_1pct_selected_percent"] > 4*100/300.0 {
			t.Errorf("%v", res.Metrics)
		}
	}
}

// Failures of one phase do not hide among the requests of all.
func TestErrorsOfOnePhase(t *testing.T) {
	v := small
	v.Concurrency, v.Duration = []int{2, 3, 4, 5, 6, 7}, v1alpha1.Duration(500*time.Millisecond)
	var failing atomic.Bool
	srv := httptest.NewServer(&flawed{maxBatch: 100, queryFails: func(n int) int {
		if failing.Load() && n%30 == 0 {
			return 500
		}
		return 0
	}})
	defer srv.Close()
	res, err := Suite{}.Run(t.Context(), request("r", srv.URL, v), t.TempDir(), func(line string) { failing.Store(strings.HasPrefix(line, "query_c3:")) })
	if err != nil || res.Valid || res.Metrics["error_rate_percent"] >= maxErrorPercent || !slices.Equal(reasons(res), []string{suite.ReasonErrorRate}) {
		t.Errorf("%v, valid %v, %v, %v%%", err, res.Valid, res.Reasons, res.Metrics["error_rate_percent"])
	}
}

// The collections of a sweep are counted as well, and tell nothing of the first one.
func TestSweepIsCounted(t *testing.T) {
	v := small
	v.EFSweep = []int{20}
	srv := httptest.NewServer(&flawed{maxBatch: 100, dropEvery: 5}) // 4 batches fill a collection
	defer srv.Close()
	res, err := run(t, request("r", srv.URL, v))
	if err != nil || !slices.Contains(reasons(res), suite.ReasonCountMismatch) || res.Metrics["vectors_stored"] != 95 {
		t.Errorf("%v, %v, %v stored", err, res.Reasons, res.Metrics["vectors_stored"])
	}
}

// What ingest costs the client is shown, and a batch that fails is neither stored nor in the rate.
func TestFailedBatch(t *testing.T) {
	srv := httptest.NewServer(&flawed{maxBatch: 100, addFails: func(n int) int { return 500 * (n % 2) }, dropEvery: 1})
	defer srv.Close()
	res, err := run(t, request("r", srv.URL, small))
	if err != nil || res.Valid || res.Metrics["failed_http_500"] != 2 || res.Metrics["ingest_client_cpu_percent"] <= 0 {
		t.Errorf("%v, %v, %v", err, res.Reasons, res.Metrics)
	}
	if got, want := res.Metrics["ingest_vectors_per_s"]*res.Metrics["ingest_s"], 30+5.0; math.Abs(got-want) > 1e-6 {
		t.Errorf("%v vectors are in the rate, acknowledged were %v", got, want)
	}
}

// A write that fails ends the writing and is reported; the queries are measured all the same.
func TestWritesFail(t *testing.T) {
	v := small
	v.Rate, v.Writes, v.Duration = 100, 100, v1alpha1.Duration(400*time.Millisecond)
	f := &flawed{maxBatch: 100, addFails: func(n int) int {
		if n == 6 {
			return 507
		}
		return 0
	}}
	srv := httptest.NewServer(f)
	defer srv.Close()
	res, err := run(t, request("r", srv.URL, v))
	if err != nil || !slices.Contains(reasons(res), suite.ReasonSlowWrites) || res.Metrics["failed_http_507"] != 1 || res.Metrics["query_writing_qps"] <= 0 {
		t.Errorf("%v, %v, %v", err, res.Reasons, res.Metrics)
	}
}
