package vector

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// slow answers every n-th query late.
type slow struct {
	*flawed
	every   int64
	late    time.Duration
	queries atomic.Int64
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/query") && s.queries.Add(1)%s.every == 0 {
		time.Sleep(s.late)
	}
	s.flawed.ServeHTTP(w, r)
}

// TestObjective: a run of a search measures its load alone, and counts the queries that kept each bound.
func TestObjective(t *testing.T) {
	srv := httptest.NewServer(&slow{flawed: &flawed{maxBatch: 100}, every: 4, late: 2 * time.Second})
	defer srv.Close()
	v := small
	v.Concurrency, v.Duration = []int{5}, v1alpha1.Duration(5*time.Second)
	req := request("r", srv.URL, v)
	req.Objective = v1alpha1.SLO{"latency_p90": v1alpha1.Duration(time.Second), "latency": v1alpha1.Duration(time.Minute)}
	res, err := run(t, req)
	if err != nil || !valid(res) {
		t.Fatal(err, res.Reasons)
	}
	if res.Metrics["query_load_qps"] <= 0 || res.Metrics["query_load_recall_at_5"] < 0.9 {
		t.Errorf("%v", res.Metrics)
	}
	for name := range res.Metrics {
		if strings.HasPrefix(name, "query_") && !strings.HasPrefix(name, "query_load_") {
			t.Errorf("%s was measured beside the load", name)
		}
	}
	parts := map[string]drivers.Kept{}
	for _, p := range res.Objective.Parts {
		parts[p.Part] = p
		if n := int(res.Metrics["query_load_queries"]); p.Of != n || p.Effective < 1 || p.Effective > n {
			t.Errorf("%+v of %d queries", p, n)
		}
	}
	late, all := parts["latency_p90"], parts[v1alpha1.GoodputPart]
	if share := float64(late.Good) / float64(late.Of); len(parts) != 2 || share < 0.6 || share > 0.8 || all.Good != late.Good {
		t.Errorf("three in four are in time: %+v", parts)
	}
	if res.Objective.Missed != "" {
		t.Errorf("missed: %s", res.Objective.Missed)
	}
}

// TestObjectiveOfFailures: a query that failed keeps no bound, and a load at which many fail is missed, which says nothing
// against the client.
func TestObjectiveOfFailures(t *testing.T) {
	srv := httptest.NewServer(&flawed{maxBatch: 100, queryFails: func(n int) int {
		if n%3 == 0 {
			return 503
		}
		return 0
	}})
	defer srv.Close()
	v := small
	v.Rate, v.Concurrency, v.Duration = 100, nil, v1alpha1.Duration(time.Second)
	req := request("r", srv.URL, v)
	req.Objective = v1alpha1.SLO{"latency_p99": v1alpha1.Duration(time.Minute)}
	res, err := run(t, req)
	if err != nil {
		t.Fatal(err)
	}
	busy := slices.ContainsFunc(res.Reasons, func(r drivers.Reason) bool { return strings.HasPrefix(r.Reason, "Client") }) // then the load can be in doubt
	if got := reasons(res); res.Valid || !slices.Contains(got, "ErrorRate") || res.Objective == nil || res.Objective.Missed != "ErrorRate" && !(busy && res.Objective.Missed == "") {
		t.Errorf("%v, %+v", res.Reasons, res.Objective)
	}
	if p := res.Objective.Parts[0]; p.Of != 100 || p.Good < 55 || p.Good > 75 {
		t.Errorf("two in three succeed: %+v", p)
	}
	if _, ok := res.Metrics["query_load_qps"]; ok || res.Metrics["query_rate_qps"] <= 0 {
		t.Errorf("%v", res.Metrics)
	}
}
