// Package compare compares two sets of results: benchmark by benchmark, point by point, metric by metric.
//
// A table of many rows is many tests. At 5 % each, twenty rows of equal things would usually show a difference by chance. So
// the p-values of a table are adjusted together (Benjamini and Hochberg), and a difference is called where the adjusted
// p-value is below 0.05: a comparison of equal things calls any difference in at most 5 % of cases, whatever its size, and
// one where much has changed loses little. Each row keeps its own p-value too.
package compare

import (
	"fmt"
	"math"
	"slices"

	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// All asks for every metric that both sides have.
const All = "all"

// Row is one metric of one benchmark at one point on both sides.
type Row struct {
	Benchmark string            `json:"benchmark"`
	Point     map[string]string `json:"point,omitempty"`
	Metric    string            `json:"metric,omitempty"`
	Unit      string            `json:"unit,omitempty"`   // ms, tok/s …
	Better    string            `json:"better,omitempty"` // higher, lower; absent where neither is
	Before    *results.Median   `json:"before,omitempty"`
	Now       *results.Median   `json:"now,omitempty"`
	Delta     *float64          `json:"delta,omitempty"`     // a share of before
	P         *float64          `json:"p,omitempty"`         // of this row alone
	PAdjusted *float64          `json:"pAdjusted,omitempty"` // as one of all rows
	Different bool              `json:"different"`           // by the adjusted one
	Simulated bool              `json:"simulated"`
	Refused   string            `json:"refused,omitempty"` // why the two sides are not compared
	Invalid   int               `json:"invalid,omitempty"` // runs that are not counted
	Warnings  []string          `json:"warnings,omitempty"`
}

// Groups compares the benchmarks and points that both sides have. Metrics are names as in a manifest, or All; without any
// it compares the main metrics of the catalogue.
func Groups(before, now []results.Group, metrics []string) []Row {
	return groups(before, now, func(there []string) []results.Metric { return named(metrics, there) })
}

// Headlines is Groups with the headlines of the catalogue.
func Headlines(before, now []results.Group) []Row {
	return groups(before, now, func(there []string) []results.Metric { return results.Shown(results.Headline, there) })
}

func groups(before, now []results.Group, pick func(there []string) []results.Metric) (out []Row) {
	for _, b := range now {
		for _, a := range before {
			if a.Name() == b.Name() {
				out = append(out, pair(a, b, pick(a.Metrics()))...)
			}
		}
	}
	adjust(out)
	return out
}

func pair(a, b results.Group, metrics []results.Metric) (out []Row) {
	row := Row{Benchmark: b.Benchmark, Point: b.Point, Invalid: len(a.Invalid) + len(b.Invalid), Simulated: b.Simulated()}
	if err := gate.Comparable(a, b); err != nil {
		row.Refused = err.Error()
		return []Row{row}
	}
	for _, m := range metrics {
		if len(a.Values(m.Name)) == 0 || len(b.Values(m.Name)) == 0 {
			continue
		}
		c, r := results.Compare(a.Values(m.Name), b.Values(m.Name)), row
		if m.Better != results.Neither {
			r.Better = m.Better.String()
		}
		r.Metric, r.Unit, r.Before, r.Now, r.Warnings = m.Name, m.Unit, &c.Before, &c.Now, c.Warnings
		r.Delta, r.P = finite(c.Delta), finite(c.P)
		bracketed(&r, a, b)
		out = append(out, r)
	}
	return out
}

// bracketed compares the answers of two searches: they differ when their intervals have nothing in common.
func bracketed(r *Row, a, b results.Group) {
	before, ok1 := a.Bracket(r.Metric)
	now, ok2 := b.Bracket(r.Metric)
	if ok1 && ok2 {
		r.Before, r.Now = &results.Median{N: before.N, Center: before.Mean, Lo: before.Lo, Hi: before.Hi}, &results.Median{N: now.N, Center: now.Mean, Lo: now.Lo, Hi: now.Hi}
		r.P, r.Warnings, r.Different = nil, nil, results.BracketsDiffer(before, now)
	}
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

// named are the metrics that are wanted, each once, of those that there are.
func named(wanted, there []string) (out []results.Metric) {
	switch {
	case len(wanted) == 0:
		return results.Shown(results.Compared, there)
	case slices.Contains(wanted, All):
		wanted = there
	}
	seen := map[string]bool{}
	for _, name := range wanted {
		m := results.Resolve(name, there)
		if !seen[m.Name] {
			seen[m.Name] = true
			out = append(out, m)
		}
	}
	return out
}
