// Package compare compares two sets of results: benchmark by benchmark, point by point, metric by metric.
//
//	compare.go  Groups and Headlines: two sets of results; Row, and what it says in words
//	turns.go    Turns: the two targets that a benchmark measured in turn
//
// A table of many rows is many tests. The metrics of one benchmark at one point are one family and are tested together
// (package decide), and the families of a table are adjusted together (Benjamini and Hochberg). A difference is called where
// the adjusted p-value is below 0.05: a comparison of equal things calls any difference in at most 5 % of cases, and one bad
// metric among many is called with four runs a side. Each row keeps its own p-value too.
//
// What varies is counted: where both sides measured several deployments of the server, those are what is compared. Where one
// side measured one, a row says in words what it does not cover.
package compare

import (
	"fmt"
	"math"
	"slices"

	"assay/reconciler/decide"
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
	Low       *float64          `json:"low,omitempty"`       // ends of the 95 % interval of the change of a typical run, as shares
	High      *float64          `json:"high,omitempty"`
	Basis     *decide.Basis     `json:"basis,omitempty"` // what was counted: deployments, runs, pairs
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

func groups(before, now []results.Group, pick func(there []string) []results.Metric) []Row {
	var t table
	for _, b := range now {
		for _, a := range before {
			if a.Name() == b.Name() {
				t.pair(a, b, pick(a.Metrics()), false)
			}
		}
	}
	return t.called()
}

// table collects rows and the families that they belong to.
type table struct {
	rows     []Row
	families []family
}

// family are the rows of one benchmark at one point, from first on, and the least of their p-values.
type family struct {
	first, rows int
	least       float64
}

func (t *table) pair(a, b results.Group, metrics []results.Metric, paired bool) {
	row := Row{Benchmark: b.Benchmark, Point: b.Point, Invalid: len(a.Invalid) + len(b.Invalid), Simulated: b.Simulated()}
	if err := gate.Comparable(a, b); err != nil {
		row.Refused = err.Error()
		t.rows = append(t.rows, row)
		return
	}
	var names []string
	for _, m := range metrics {
		if len(a.Values(m.Name)) > 0 && len(b.Values(m.Name)) > 0 {
			names = append(names, m.Name)
		}
	}
	tested := decide.Test(a.Runs(), b.Runs(), names, paired)
	first := len(t.rows)
	for _, name := range names {
		m, r := results.Describe(name), row
		if m.Better != results.Neither {
			r.Better = m.Better.String()
		}
		before, now := results.Middle(a.Runs(), name), results.Middle(b.Runs(), name)
		r.Metric, r.Unit, r.Before, r.Now, r.Basis = m.Name, m.Unit, &before, &now, &tested.Basis
		r.Delta = finite((now.Center - before.Center) / math.Abs(before.Center))
		change := decide.Change(a.Runs(), b.Runs(), name, paired, decide.Alpha)
		r.Low, r.High = finite(change.Lo), finite(change.Hi)
		if p, ok := tested.P[name]; ok {
			r.P, r.PAdjusted = &p, finite(tested.Family[name])
		}
		if words := tested.Covers(); words != "" {
			r.Warnings = append(r.Warnings, words)
		}
		if tested.Apart > 0 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s: up to %d run(s) lie far apart from the others and are set aside", r.name(), tested.Apart))
		}
		bracketed(&r, a, b)
		t.rows = append(t.rows, r)
	}
	if len(tested.P) > 0 {
		t.families = append(t.families, family{first, len(names), tested.Least})
	}
}

// name is benchmark and point.
func (r Row) name() string { return results.Group{Benchmark: r.Benchmark, Point: r.Point}.Name() }

// called adjusts the families of a whole table and calls its differences.
func (t *table) called() []Row {
	least := make([]float64, len(t.families))
	for i, f := range t.families {
		least[i] = f.least
	}
	for i, q := range results.Adjust(least) {
		f, factor := t.families[i], 1.0
		if f.least > 0 {
			factor = q / f.least
		}
		for k := f.first; k < f.first+f.rows; k++ {
			if r := &t.rows[k]; r.PAdjusted != nil {
				p := min(1, *r.PAdjusted*factor)
				r.PAdjusted, r.Different = &p, p < results.Alpha
			}
		}
	}
	return t.rows
}

// bracketed compares the answers of two searches: they differ when their intervals have nothing in common.
func bracketed(r *Row, a, b results.Group) {
	before, ok1 := a.Bracket(r.Metric)
	now, ok2 := b.Bracket(r.Metric)
	if ok1 && ok2 {
		r.Before, r.Now = &results.Median{N: before.N, Center: before.Mean, Lo: before.Lo, Hi: before.Hi}, &results.Median{N: now.N, Center: now.Mean, Lo: now.Lo, Hi: now.Hi}
		r.P, r.PAdjusted, r.Warnings, r.Different = nil, nil, nil, results.BracketsDiffer(before, now)
	}
}

func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// Doubtful reports whether a row differs by itself but not as one of many.
func (r Row) Doubtful() bool { return r.P != nil && *r.P < results.Alpha && !r.Different }

// CanTell reports whether there are repeats enough for any difference to be called: two observations a side.
func (r Row) CanTell() bool { return r.P != nil }

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
	if r.Basis != nil && r.Basis.Over == decide.OverDeployments {
		return fmt.Sprintf("n=%d of %d deployments", r.Basis.Runs, r.Basis.Deployments)
	}
	if r.Before.N != r.Now.N {
		return fmt.Sprintf("n=%d+%d", r.Before.N, r.Now.N)
	}
	return fmt.Sprintf("n=%d", r.Before.N)
}

// Test says by what a row was decided.
func (r Row) Test() string {
	if r.P == nil {
		return r.Repeats()
	}
	return fmt.Sprintf("p=%.3f %s", *r.P, r.Repeats())
}

// Spread is a median with half of its interval as a share, as benchstat prints it, or why there is no interval.
func Spread(m results.Median) string {
	half := math.Max(m.Hi-m.Center, m.Center-m.Lo)
	switch {
	case math.IsInf(half, 0):
		return fmt.Sprintf("%s (%d run%s)", results.Number(m.Center), m.N, map[bool]string{false: "s"}[m.N == 1])
	case m.Center == 0:
		return "0 ± " + results.Number(half)
	}
	return fmt.Sprintf("%s ± %.0f%%", results.Number(m.Center), 100*half/math.Abs(m.Center))
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
