package reconciler

import (
	"strings"
	"testing"

	"assay/drivers"
	"assay/reconciler/plan"
)

// TestMetricInfo: the exported text says the unit and the direction of each metric that runs have, once.
func TestMetricInfo(t *testing.T) {
	run := plan.Run{Result: &drivers.SuiteResult{Metrics: map[string]float64{"ttft_p99_ms": 5, "output_throughput": 100, "unheard_of": 1}}}
	again := run
	again.ID = "again"
	b, err := resultsText([]plan.Run{run, again})
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]int{
		`assay_metric_info{better="lower",metric="ttft_p99_ms",unit="ms"} 1`:           1,
		`assay_metric_info{better="higher",metric="output_throughput",unit="tok/s"} 1`: 1,
		`assay_metric_info{`: 2,
		`assay_run_metric{`:  6,
	} {
		if got := strings.Count(string(b), "\n"+line); got != want {
			t.Errorf("%d lines begin with %s, want %d:\n%s", got, line, want, b)
		}
	}
}
