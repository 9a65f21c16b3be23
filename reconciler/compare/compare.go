// Package compare puts two sets of results beside each other, benchmark by benchmark, point by point, metric by metric.
//
// A table of many rows tests many times: at 5 % each, twenty rows of equal things would mostly show a difference that is
// none. So the p-values of a table are adjusted together (Benjamini and Hochberg), and a difference is called where the
// adjusted one is below 0.05: a comparison of equal things calls any in at most 5 % of cases, whatever its size, and one
// where much has changed loses little. Each row keeps its own p-value beside it.
package compare

import (
	"fmt"
	"math"
	"slices"

	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// Main are the metrics that are compared unless others are asked for, where both sides have them.
var Main = []string{
	"request_throughput", "output_throughput", "request_goodput", "ttft_median_ms", "ttft_p99_ms", "tpot_median_ms", "tpot_p99_ms", "itl_median_ms",
	"itl_p99_ms", "e2el_median_ms", "e2el_p99_ms", "correct_rate_percent", "ingest_vectors_per_s", "query_sequential_qps", "recall_at_10",
	"score_bandwidth_gibs", "score_iops_kiops", "score_total", "error_rate_percent",
}

// All asks for every metric that both sides have.
const All = "all"

// Row is one metric of one benchmark at one point on both sides.
type Row struct {
	Benchmark string            `json:"benchmark"`
	Point     map[string]string `json:"point,omitempty"`
	Metric    string            `json:"metric,omitempty"`
	Before    *results.Median   `json:"before,omitempty"`
	Now       *results.Median   `json:"now,omitempty"`
	Delta     *float64          `json:"delta,omitempty"`     // a share of before
	P         *float64          `json:"p,omitempty"`         // of this row alone
	PAdjusted *float64          `json:"pAdjusted,omitempty"` // as one of all rows
	Different bool              `json:"different"`           // by the adjusted one
	Simulated bool              `json:"simulated"`
	Refused   string            `json:"refused,omitempty"` // why the two cannot be compared
	Invalid   int               `json:"invalid,omitempty"` // runs that are not counted
	Warnings  []string          `json:"warnings,omitempty"`
}

// Groups compares those that both sides have.
func Groups(before, now []results.Group, metrics []string) (out []Row) {
	for _, b := range now {
		for _, a := range before {
			if a.Name() == b.Name() {
				out = append(out, pair(a, b, metrics)...)
			}
		}
	}
	adjust(out)
	return out
}

func pair(a, b results.Group, metrics []string) (out []Row) {
	row := Row{Benchmark: b.Benchmark, Point: b.Point, Invalid: len(a.Invalid) + len(b.Invalid), Simulated: b.Simulated()}
	if err := gate.Comparable(a, b); err != nil {
		row.Refused = err.Error()
		return []Row{row}
	}
	for _, m := range chosen(a, b, metrics) {
		c, r := results.Compare(a.Values(m), b.Values(m)), row
		r.Metric, r.Before, r.Now, r.Warnings = m, &c.Before, &c.Now, c.Warnings
		r.Delta, r.P = finite(c.Delta), finite(c.P)
		out = append(out, r)
	}
	return out
}

func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// adjust calls the differences of a whole table.
func adjust(rows []Row) {
	var at []int
	var ps []float64
	for i, r := range rows {
		if r.P != nil {
			at, ps = append(at, i), append(ps, *r.P)
		}
	}
	for k, q := range results.Adjust(ps) {
		rows[at[k]].PAdjusted, rows[at[k]].Different = &q, q < results.Alpha
	}
}

// Doubtful reports whether a row differs by itself but not as one of many.
func (r Row) Doubtful() bool { return r.P != nil && *r.P < results.Alpha && !r.Different }

// CanTell reports whether there are repeats enough for any difference to be called: with n and m of them the smallest
// p-value of the test is 2 in (n+m choose n).
func (r Row) CanTell() bool {
	if r.Before == nil || r.Now == nil {
		return false
	}
	ways := 1.0
	for i := 1; i <= r.Before.N; i++ {
		ways *= float64(r.Now.N+i) / float64(i)
	}
	return 2/ways < results.Alpha
}

// Change is the difference in words: "~" where none can be called.
func (r Row) Change() string {
	switch {
	case !r.Different:
		return "~"
	case r.Delta == nil:
		return "differs" // from zero
	}
	return fmt.Sprintf("%+.2f%%", 100**r.Delta)
}

// Repeats says how many values were compared: of both sides where the numbers differ.
func (r Row) Repeats() string {
	if r.Before.N != r.Now.N {
		return fmt.Sprintf("n=%d+%d", r.Before.N, r.Now.N)
	}
	return fmt.Sprintf("n=%d", r.Before.N)
}

// chosen are the metrics to show, of those that both sides have.
func chosen(a, b results.Group, wanted []string) (out []string) {
	there := a.Metrics()
	if slices.Contains(wanted, All) {
		wanted = there
	} else if len(wanted) == 0 {
		wanted = Main
	}
	for _, m := range wanted {
		name, _ := gate.Resolve(m, there)
		if len(a.Values(name)) > 0 && len(b.Values(name)) > 0 && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
