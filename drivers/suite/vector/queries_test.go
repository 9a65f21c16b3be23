package vector

import (
	"encoding/json"
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

// TestNothingIsAskedTwice: not within a level, not beyond what was made for it, not in another one, and not after a warm-up, of
// generated queries and of a file that has few. Those with known neighbours are among them, all before any comes again.
func TestNothingIsAskedTwice(t *testing.T) {
	_, known := clustered(1, 400, 50, 8)
	for name, centres := range map[string]matrix{"generated": centresOf(1, 400, 8), "file": {}} {
		a := &asker{seed: 1, topK: 5, known: known, centres: centres}
		warmed := map[string]bool{}
		seen, scored := map[string]bool{}, map[int32]int{}
		ask := func(body []byte) {
			if seen[string(body)] || warmed[string(body)] {
				t.Fatalf("%s: asked twice: %s", name, body)
			}
			seen[string(body)] = true
		}
		row := make([]float32, 8)
		ask(a.probe())
		for _, phase := range []string{"query_c1", "query_c8"} {
			warm := suite.Rand(1, phase)
			for i := range 60 {
				warmed[string(a.warmUp(warm, row, i+1, 0))] = true // warm-ups of a file can repeat each other
			}
			l := a.level(phase, 1000, 0)
			r := l.random("0")
			for i := range len(l.made) + 30 {
				q := l.question(i, r, row)
				ask(q.body)
				if q.scored != unscored {
					scored[q.scored]++
				}
			}
			l.asked(len(l.made) + 30)
		}
		for q := range int32(50) {
			if scored[q] == 0 || scored[q] > scored[0]+1 || scored[q] < scored[0]-1 {
				t.Errorf("%s: query %d was asked %d times, the first %d times", name, q, scored[q], scored[0])
			}
		}
	}
}

// TestMovedAreTheSame: a query that is asked again is another one for a cache, and the same for its neighbours.
func TestMovedAreTheSame(t *testing.T) {
	data, known := clustered(1, 2000, 20, 16)
	for _, space := range []string{"l2", "cosine", "ip"} {
		moved := newMatrix(known.rows(), known.dim)
		for i := range known.rows() {
			vary(moved.row(i), known.row(i), i*7-20)
		}
		of := func(m matrix) *truth {
			f := &truth{data: data, queries: m, k: 10, measure: distanceIn(space)}
			if err := findTruth(t.Context(), f, func(int) {}); err != nil {
				t.Fatal(err)
			}
			return f
		}
		was, is := of(known), of(moved)
		for q := range known.rows() {
			for k, d := range was.nearest[q] {
				if math.Abs(is.nearest[q][k]-d) > 1e-4*(1+math.Abs(d)) {
					t.Errorf("%s: neighbour %d of query %d is %v away, was %v", space, k, q, is.nearest[q][k], d)
				}
			}
		}
	}
}

// TestQueryBody: it is the JSON that the server reads, number by number.
func TestQueryBody(t *testing.T) {
	row := []float32{0, -1.5, 1e-9, 3.4e14, 0.1}
	var q struct {
		Query [][]float32 `json:"query_embeddings"`
		N     int         `json:"n_results"`
		Where map[string]map[string]int
	}
	if err := json.Unmarshal(queryBody(row, 7, 30), &q); err != nil || len(q.Query) != 1 || !slices.Equal(q.Query[0], row) || q.N != 7 || q.Where["bucket"]["$lt"] != 30 {
		t.Errorf("%v %+v", err, q)
	}
	if b := queryBody(row, 7, 0); strings.Contains(string(b), "where") {
		t.Errorf("%s", b)
	}
}

// TestFewQueriesInAFile: a file that has fewer queries than are asked is named.
func TestFewQueriesInAFile(t *testing.T) {
	data, known := clustered(1, 200, 3, 8)
	rows := func(m matrix) (out [][]float32) {
		for i := range m.rows() {
			out = append(out, m.row(i))
		}
		return out
	}
	v := v1alpha1.Vector{File: texmex(t, "v.fvecs", rows(data)...), QueryFile: texmex(t, "q.fvecs", rows(known)...), TopK: 5, BatchSize: 100, Concurrency: []int{2}}
	srv := httptest.NewServer(&flawed{maxBatch: 100})
	defer srv.Close()
	res, err := run(t, request("r", srv.URL, v))
	if err != nil || !valid(res) || !slices.Equal(reasons(res), []string{suite.ReasonFewQueries}) || res.Metrics["recall_at_5"] != 1 {
		t.Errorf("%v: %v, recall %v", err, res.Reasons, res.Metrics["recall_at_5"])
	}
}

// TestLevelsLast: each level goes on for its time, and not for a number of queries.
func TestLevelsLast(t *testing.T) {
	srv := httptest.NewServer(&flawed{maxBatch: 100})
	defer srv.Close()
	v := small
	v.Duration = v1alpha1.Duration(300 * time.Millisecond)
	res, err := run(t, request("r", srv.URL, v))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"query_sequential", "query_c3"} {
		if took := res.Metrics[p+"_queries"] / res.Metrics[p+"_qps"]; took < 0.3 {
			t.Errorf("%s lasted %.3f s", p, took)
		}
	}
}
