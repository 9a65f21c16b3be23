package dashboards

import (
	"math"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// liveValues checks panels whose answer is known, because the source is emulated: that they return data is not enough.
func liveValues(t *testing.T, s server) {
	for _, c := range []struct {
		board, panel string
		query        int
		choice       map[string]string
		pick         map[string]string // labels of the series looked at
		want         float64
	}{
		{"assay-vllm", "End-to-end latency", 4, map[string]string{"service": "v0"}, nil, 2},                 // 20 s in 10 requests
		{"assay-vllm", "Inter-token latency (ITL, TPOT)", 4, map[string]string{"service": "v0"}, nil, 0.02}, // 20 s in 1000 tokens
		{"assay-vllm", "Scheduler state", 0, map[string]string{"service": "v0"}, map[string]string{"state": "swapped"}, 1},
		{"assay-vllm", "KV cache usage", 0, map[string]string{"service": "v0"}, nil, 0.4},
		{"assay-vllm", "Prefix cache hit rate", 0, map[string]string{"service": "v0"}, nil, 0.25},
		{"assay-vllm", "Prefix cache hit rate", 0, map[string]string{"service": "early"}, nil, 0.6},
		{"assay-vllm", "Longest generation", 0, map[string]string{"service": "v0"}, nil, 500},
		{"assay-chroma", "Latency by type", 0, nil, map[string]string{"db_operation_name": "GET"}, 0.005},
		{"assay-chroma", "Cache hit rate", 0, nil, nil, 0.9},
		{"assay-hardware", "GPU memory share", 0, nil, map[string]string{"gpu": "0"}, 0.75},
		{"assay-hardware", "GPU clocks", 0, nil, map[string]string{"gpu": "1"}, 1395e6},
		{"assay-benchmarks", "TTFT p99", 0, nil, map[string]string{"revision": "r2", "point": "nodes=1"}, 105}, // 100 and 110
		{"assay-benchmarks", "Spread over repeats", 0, map[string]string{"metric": "ttft_p99_ms"}, map[string]string{"revision": "r2", "point": "nodes=1"}, 10},
		{"assay-benchmarks", "TTFT p99", 0, nil, map[string]string{"sim": " (simulated)", "bad": " INVALID"}, 100},
		{"assay-control", "Scheduler", 0, nil, nil, 1},
		{"assay-control", "Targets down", 0, nil, nil, 1},
		{"assay-control", "Which targets are down", 0, nil, map[string]string{"service": "dead"}, 0},
		{"assay-control", "Nodes held", 0, nil, map[string]string{"experiment": "new"}, 3},
	} {
		expr, err := substitute(find(t, c.board, c.panel, c.query).Expr, c.choice)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.data(expr)
		if err != nil {
			t.Errorf("%s: %q: %v", c.board, c.panel, err)
			continue
		}
		matching := 0
		for _, r := range got {
			if !has(r.Metric, c.pick) {
				continue
			}
			matching++
			if v, _ := r.number(); math.Abs(v-c.want) > 1e-6*math.Max(1, c.want) {
				t.Errorf("%s: %q is %v for %v, want %v", c.board, c.panel, v, r.Metric, c.want)
			}
		}
		if matching != 1 {
			t.Errorf("%s: %q has %d series with %v, want one: %v", c.board, c.panel, matching, c.pick, got)
		}
	}
}

func has(metric, want map[string]string) bool {
	for k, v := range want {
		if metric[k] != v {
			return false
		}
	}
	return true
}

func find(t *testing.T, board, panel string, query int) prometheus.Dataquery {
	t.Helper()
	for _, p := range panelsOf(read(t)[board]) {
		if *p.Title == panel {
			return queriesOf(t, p)[query]
		}
	}
	t.Fatalf("%s has no panel %q", board, panel)
	return prometheus.Dataquery{}
}
