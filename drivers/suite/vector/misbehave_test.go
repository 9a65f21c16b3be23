package vector

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"math/bits"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
)

// flawed is not Chroma: it is a stand-in with exact search that keeps just enough of the protocol to be wrong in
// chosen ways that the real server cannot be made to be.
type flawed struct {
	maxBatch   int
	base64     bool
	dropEvery  int                    // acknowledges every n-th batch without storing it
	queryFails func(n int) int        // status of the n-th query; 0: answer
	addFails   func(n int) int        // the same of the n-th batch
	createFail bool                   // creates, and says that it failed
	indexing   func(n int) string     // answer to the n-th request for the index's progress; nil: the server has no such request
	noFilter   bool                   // takes a filter and ignores it
	answer     func(ids []string) any // instead of the nearest ids

	mu      sync.Mutex
	rows    map[string][]float32
	batches []int
	queries int
	asked   int
	names   map[string]bool
}

func (f *flawed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/pre-flight-checks"):
		reply(w, limits{MaxBatch: f.maxBatch, Base64: f.base64})
	case strings.HasSuffix(path, "/collections"):
		var c struct{ Name string }
		_ = json.Unmarshal(body, &c)
		f.rows, f.names = map[string][]float32{}, map[string]bool{c.Name: true}
		if f.createFail {
			http.Error(w, `{"error":"InternalError","message":"flawed on purpose"}`, 500)
			return
		}
		reply(w, map[string]string{"id": "c1"})
	case strings.HasSuffix(path, "/add"):
		f.add(body)
		if f.addFails != nil {
			if status := f.addFails(len(f.batches)); status != 0 {
				http.Error(w, "flawed on purpose", status)
				return
			}
		}
		w.WriteHeader(http.StatusCreated)
		reply(w, map[string]any{})
	case strings.HasSuffix(path, "/count"):
		reply(w, len(f.rows))
	case strings.HasSuffix(path, "/indexing_status"):
		if f.indexing == nil {
			http.NotFound(w, r)
			return
		}
		f.asked++
		_, _ = io.WriteString(w, f.indexing(f.asked))
	case strings.HasSuffix(path, "/query"):
		f.queries++
		if f.queryFails != nil {
			if status := f.queryFails(f.queries); status != 0 {
				http.Error(w, `{"error":"InternalError","message":"flawed on purpose"}`, status)
				return
			}
		}
		f.query(w, body)
	case r.Method == http.MethodDelete:
		delete(f.names, path[strings.LastIndexByte(path, '/')+1:])
		reply(w, map[string]any{})
	default:
		reply(w, "flawed")
	}
}

func reply(w io.Writer, v any) { _ = json.NewEncoder(w).Encode(v) }

func (f *flawed) add(body []byte) {
	var a struct {
		IDs        []string
		Embeddings []json.RawMessage
	}
	_ = json.Unmarshal(body, &a)
	f.batches = append(f.batches, len(a.IDs))
	if f.dropEvery > 0 && len(f.batches)%f.dropEvery == 0 {
		return
	}
	for i, id := range a.IDs {
		var v []float32
		if json.Unmarshal(a.Embeddings[i], &v) != nil {
			var s string
			_ = json.Unmarshal(a.Embeddings[i], &s)
			b, _ := base64.StdEncoding.DecodeString(s)
			for ; len(b) >= 4; b = b[4:] {
				v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b)))
			}
		}
		f.rows[id] = v
	}
}

func (f *flawed) query(w io.Writer, body []byte) {
	var q struct {
		Query [][]float32 `json:"query_embeddings"`
		N     int         `json:"n_results"`
		Where struct{ Bucket map[string]int }
	}
	_ = json.Unmarshal(body, &q)
	ids := []string{}
	for id := range f.rows {
		below, filtered := q.Where.Bucket["$lt"]
		if row, _ := strconv.Atoi(id); !filtered || f.noFilter || bucketOf(row) < below {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		if dumbDistance("l2", q.Query[0], f.rows[a]) < dumbDistance("l2", q.Query[0], f.rows[b]) {
			return -1
		}
		return 1
	})
	if f.answer != nil {
		reply(w, f.answer(ids))
		return
	}
	reply(w, map[string]any{"ids": [][]string{ids[:min(q.N, len(ids))]}})
}

func TestMisbehaviour(t *testing.T) {
	spec := v1alpha1.Vector{Vectors: 95, Dimension: 8, Queries: 40, TopK: 5, BatchSize: 30, Concurrency: []int{3}}
	ids := func(v []string) any { return map[string]any{"ids": [][]string{v}} }
	for name, test := range map[string]struct {
		server  *flawed
		reasons []string // TooFewSamples and NoInterval aside
		metrics map[string]float64
		failed  string // the kind of the failures
	}{
		"none": {server: &flawed{maxBatch: 1000, base64: true},
			metrics: map[string]float64{"recall_at_5": 1, "query_c3_recall_at_5": 1, "vectors_stored": 95, "errors": 0, "ingest_batch_size": 30}},
		"no base64, small batches": {server: &flawed{maxBatch: 7},
			metrics: map[string]float64{"recall_at_5": 1, "ingest_batch_size": 7}},
		"acknowledges and drops": {server: &flawed{maxBatch: 1000, dropEvery: 3}, reasons: []string{suite.ReasonCountMismatch},
			metrics: map[string]float64{"vectors_stored": 65}},
		"half of the queries fail": { // in an order without a period: every n-th question is one with known neighbours
			server: &flawed{maxBatch: 1000, queryFails: func(n int) int { return 500 * (bits.OnesCount(uint(n)) % 2) }}, reasons: []string{suite.ReasonErrorRate, suite.ReasonErrorRate},
			metrics: map[string]float64{"recall_at_5": 1}, failed: "http_500"},
		"all queries fail": {server: &flawed{maxBatch: 1000, queryFails: func(int) int { return 500 }},
			reasons: []string{suite.ReasonNothingCompleted, suite.ReasonNothingCompleted, suite.ReasonErrorRate}, failed: "http_500"},
		"the farthest": {server: &flawed{maxBatch: 1000, answer: func(v []string) any { return ids(v[len(v)-5:]) }},
			reasons: []string{suite.ReasonLowRecall, suite.ReasonLowRecall}, metrics: map[string]float64{"recall_at_5": 0}},
		"the nearest five times": {server: &flawed{maxBatch: 1000, answer: func(v []string) any { return ids(slices.Repeat(v[:1], 5)) }},
			reasons: []string{suite.ReasonLowRecall, suite.ReasonLowRecall}, metrics: map[string]float64{"recall_at_5": 0.2}},
		"no answer to the question": {server: &flawed{maxBatch: 1000, answer: func([]string) any { return "later" }},
			reasons: []string{suite.ReasonNothingCompleted, suite.ReasonNothingCompleted, suite.ReasonErrorRate}, failed: "bad_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(test.server)
			defer srv.Close()
			res, err := run(t, request("r", srv.URL, spec))
			if err != nil {
				t.Fatal(err)
			}
			if got := reasons(res); !slices.Equal(got, test.reasons) || valid(res) != (len(test.reasons) == 0) {
				t.Errorf("valid %v, reasons %v; want %q", res.Valid, res.Reasons, test.reasons)
			}
			for m, want := range test.metrics {
				if got, ok := res.Metrics[m]; !ok || math.Abs(got-want) > 1e-9 {
					t.Errorf("%s is %v (%v), want %v", m, got, ok, want)
				}
			}
			if n := res.Metrics["failed_"+test.failed]; test.failed != "" && (n < 20 || n != res.Metrics["errors"] || res.Metrics["error_rate_percent"] < 30) {
				t.Errorf("%v failed as %s, %v in all, %v%%", n, test.failed, res.Metrics["errors"], res.Metrics["error_rate_percent"])
			}
			if _, ok := res.Metrics["query_sequential_median_ms"]; ok == slices.Contains(test.reasons, suite.ReasonNothingCompleted) {
				t.Errorf("latencies reported: %v", ok)
			}
			if len(test.server.names) != 0 {
				t.Errorf("left behind: %v", test.server.names)
			}
			if n := slices.Max(test.server.batches); n > test.server.maxBatch {
				t.Errorf("a batch of %d, the limit is %d", n, test.server.maxBatch)
			}
		})
	}
}

// reasons are those of the server: how many queries a moment has, and whether this machine is busy, is nothing of it.
func reasons(res drivers.SuiteResult) (out []string) {
	for _, r := range res.Reasons {
		if r.Reason != suite.ReasonTooFewSamples && r.Reason != suite.ReasonNoInterval && !strings.HasPrefix(r.Reason, "Client") {
			out = append(out, r.Reason)
		}
	}
	return out
}

// valid reports whether a result is valid, or would be if this machine were not busy.
func valid(res drivers.SuiteResult) bool {
	busy := slices.ContainsFunc(res.Reasons, func(r drivers.Reason) bool { return strings.HasPrefix(r.Reason, "Client") })
	return (res.Valid || busy) && !slices.ContainsFunc(reasons(res), func(r string) bool {
		return slices.Contains([]string{suite.ReasonNothingCompleted, suite.ReasonErrorRate, suite.ReasonAnswerTooLarge, suite.ReasonCountMismatch, suite.ReasonLowRecall,
			suite.ReasonShortLevel}, r)
	})
}

func TestImpossibleRequests(t *testing.T) {
	good := v1alpha1.Vector{Vectors: 10, Dimension: 4, Queries: 1, TopK: 1, BatchSize: 10}
	for want, change := range map[string]func(*v1alpha1.Vector){
		"above 0": func(v *v1alpha1.Vector) { v.Queries = 0 },
		"nearest": func(v *v1alpha1.Vector) { v.TopK = 11 },
	} {
		v := good
		change(&v)
		if _, err := run(t, request("r", "http://127.0.0.1:1", v)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if _, err := run(t, drivers.SuiteRequest{Endpoints: []string{"http://127.0.0.1:1"}}); err == nil {
		t.Error("a request without a vector part was taken")
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	if _, err := run(t, request("r", srv.URL, good)); err == nil || !strings.Contains(err.Error(), "check that it is a Chroma server") {
		t.Errorf("got %v", err)
	}
}

// TestTenGigabytes: a query's answer that does not end makes the result invalid by a name of its own; little of it is read.
func TestTenGigabytes(t *testing.T) {
	f := &flawed{maxBatch: 100}
	var queries, sent atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/query") && queries.Add(1) == 30 {
			_, _ = io.Copy(io.Discard, r.Body)
			for piece := []byte(strings.Repeat(" ", 1<<20)); sent.Load() < 10<<30; {
				n, err := w.Write(piece)
				if sent.Add(int64(n)); err != nil {
					return
				}
			}
		}
		f.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	res, err := run(t, request("r", srv.URL, v1alpha1.Vector{Vectors: 95, Dimension: 8, Queries: 40, TopK: 5, BatchSize: 30, Concurrency: []int{1}}))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(reasons(res), suite.ReasonAnswerTooLarge) || res.Valid || res.Metrics["failed_"+suite.TooLarge] != 1 {
		t.Errorf("valid %v, %v, %v", res.Valid, res.Reasons, res.Metrics)
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}
