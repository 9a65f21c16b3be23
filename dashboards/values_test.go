package dashboards

import (
	"math"
	"strings"
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

// liveRelations compares panels with another way to the same number, where the machine decides what it is. Two jobs count
// the one node that is scraped, at other moments: what is shown is about what one of them sees, and not twice that.
func liveRelations(t *testing.T, s server) {
	const one = `{service="llm",device!="lo"}[4s]`
	for _, c := range []struct {
		board, panel string
		choice       map[string]string
		same         string
		slack        float64 // in the panel's unit, beyond a half
	}{
		{"assay-hardware", "CPU by mode", map[string]string{"node": "n1"}, busy("n1"), 3},
		{"assay-hardware", "CPU by mode", map[string]string{"node": "n2"}, busy("n2"), 3},
		{"assay-hardware", "Received", nil, "sum(rate(node_network_receive_bytes_total" + one + "))", 1000},
		{"assay-hardware", "Sent", nil, "sum(rate(node_network_transmit_bytes_total" + one + "))", 1000},
		{"assay-hardware", "Disk busy", nil, "sum(rate(node_disk_io_time_seconds_total" + one + "))", 0.1},
		{"assay-storage", "Read", nil, "sum(rate(lustre_read_bytes_total" + one + "))", 1},
		{"assay-storage", "Operations by type", nil, "sum(rate(lustre_stats_total" + one + "))", 1},
		{"assay-vllm", "Requests", nil, `sum(rate(vllm:e2e_request_latency_seconds_count{experiment="new"}[4s]))`, 3},
	} {
		expr, err := substitute(find(t, c.board, c.panel, 0).Expr, c.choice)
		if err != nil {
			t.Fatal(err)
		}
		shown, want := total(t, s, expr), total(t, s, c.same)
		if math.Abs(shown-want) > c.slack+0.5*math.Abs(want) {
			t.Errorf("%s: %q is %v in all, but %s is %v", c.board, c.panel, shown, c.same, want)
		}
	}
}

// busy is the share of a node's CPU time that was not idle, in percent.
func busy(node string) string {
	return strings.ReplaceAll(`100 - 100 * sum(rate(node_cpu_seconds_total{node="NODE",service="llm",mode="idle"}[4s])) /
		sum(rate(node_cpu_seconds_total{node="NODE",service="llm"}[4s]))`, "NODE", node)
}

// total adds up all series.
func total(t *testing.T, s server, expr string) float64 {
	t.Helper()
	got, err := s.data(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	sum := 0.0
	for _, r := range got {
		v, _ := r.number()
		sum += v
	}
	return sum
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
