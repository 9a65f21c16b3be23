// Package gate decides whether results pass: GO, NO-GO, or INCONCLUSIVE when there are too few repeats to decide.
//
//	gate.go     Evaluate: one gate on one group of repeats
//	missing.go  the repeats that are declared and have no result
//	bounds.go   an interval against a bound, or against a baseline
//	search.go   the interval of a search against a bound
//
// A bound is compared with the 95 % interval of the typical run of a benchmark at a point (package decide): GO when the whole
// interval lies within the bound, NO-GO when the whole interval lies beyond it, INCONCLUSIVE when the bound lies inside the
// interval. So one run alone never decides, and a missing or invalid result never passes: every point and every repeat that
// is declared counts, and what is missing is listed. Where repeats may end early the interval is the one of the look that
// ended them. A baseline is compared by the interval of the relative change. Simulated results are not compared with real
// ones, nor engines with one another.
//
// Metrics, their units and which way they improve come from the catalogue in reconciler/results.
package gate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/decide"
	"assay/reconciler/results"
)

// The verdicts.
const (
	Go           = "GO"
	NoGo         = "NO-GO"
	Inconclusive = "INCONCLUSIVE"
)

// Verdict is one gate's, on one benchmark at one point.
type Verdict struct {
	Benchmark string            `json:"benchmark"`
	Point     map[string]string `json:"point,omitempty"`
	Gate      string            `json:"gate"`
	Verdict   string            `json:"verdict"`
	Reason    string            `json:"reason"`
}

// Overall is NO-GO if any is, else INCONCLUSIVE if any is or there is none, else GO.
func Overall(all []Verdict) string {
	worst := Go
	if len(all) == 0 {
		worst = Inconclusive
	}
	for _, v := range all {
		if v.Verdict == NoGo {
			return NoGo
		}
		if v.Verdict == Inconclusive {
			worst = Inconclusive
		}
	}
	return worst
}

// Values gives what a gate bounds: one value of its PromQL expression for each row, over that run's window.
type Values func(g v1alpha1.Gate, rows []results.Row) ([]float64, error)

// Baseline gives the results to compare with.
type Baseline func(ref string, like results.Group) (results.Group, error)

// Evaluate decides one gate on one group, of which so much was declared. Promql can be nil.
func Evaluate(g v1alpha1.Gate, group results.Group, of Declared, promql Values, baseline Baseline) Verdict {
	v := Verdict{Benchmark: group.Benchmark, Point: group.Point, Gate: g.String()}
	alpha, missing := of.look(group)
	v.Verdict, v.Reason = decided(g, group, alpha, promql, baseline)
	if n := len(group.Invalid); n > 0 {
		v.Reason += fmt.Sprintf("; %d invalid or failed run(s) not counted", n)
		if v.Verdict == Go { // the repeat that went wrong can be the one that matters
			v.Verdict = Inconclusive
		}
	}
	early := of.Design.Early && alpha > 0 && v.Verdict != Inconclusive // it ended early, and this is why
	if missing != "" && !early {
		v.Verdict, v.Reason = Inconclusive, missing+"; so far: "+v.Reason
	}
	return v
}

func decided(g v1alpha1.Gate, group results.Group, alpha float64, promql Values, baseline Baseline) (string, string) {
	if len(group.Rows) == 0 {
		return Inconclusive, "no valid run"
	}
	runs, metric, err := read(g, group, promql)
	if err != nil {
		return Inconclusive, err.Error()
	}
	if slices.ContainsFunc(runs, func(r decide.Run) bool { v := r.Metrics[metric.Name]; return math.IsNaN(v) || math.IsInf(v, 0) }) {
		return Inconclusive, "a value is not a number"
	}
	verdict, reason := Go, ""
	add := func(v, why string) {
		if v == NoGo || v == Inconclusive && verdict == Go {
			verdict = v
		}
		if reason != "" {
			reason += "; "
		}
		reason += why
	}
	if alpha == 0 {
		alpha = decide.Alpha // this is no moment to decide: the caller says what is missing
	}
	typical := decide.Typical(runs, metric.Name, alpha)
	for _, b := range []struct {
		bound *v1alpha1.Bound
		sign  float64
	}{{g.Max, 1}, {g.Min, -1}} {
		if b.bound == nil {
			continue
		}
		limit, err := results.InUnit(*b.bound, metric.Unit)
		if err != nil {
			return Inconclusive, err.Error()
		}
		if s, ok := group.Bracket(metric.Name); ok { // search.go
			add(bracketed("capacity", s, limit, b.sign, suffix(metric.Unit)))
			continue
		}
		add(judge(typical, limit, b.sign, suffix(metric.Unit)))
	}
	if _, ok := group.Bracket(metric.Name); !ok && (g.Max != nil || g.Min != nil) {
		reason += uncovered(typical.Basis)
	}
	if g.Baseline != "" {
		add(relative(g, metric, group, alpha, baseline))
	}
	return verdict, reason + wrongWay(g, metric)
}

// read finds the runs of a gate with its metric, which has no name for a PromQL expression.
func read(g v1alpha1.Gate, group results.Group, promql Values) ([]decide.Run, results.Metric, error) {
	runs := group.Runs()
	if g.PromQL != "" {
		if promql == nil {
			return nil, results.Metric{}, errors.New("no Prometheus to ask")
		}
		values, err := promql(g, group.Rows)
		if err != nil {
			return nil, results.Metric{}, err
		}
		if len(values) != len(runs) {
			return nil, results.Metric{}, fmt.Errorf("there are %d values of Prometheus for %d runs", len(values), len(runs))
		}
		for i, v := range values {
			runs[i].Metrics = map[string]float64{"": v}
		}
		return runs, results.Metric{}, nil
	}
	m := results.Resolve(g.Metric, group.Metrics())
	if n := len(group.Values(m.Name)); n < len(group.Rows) {
		return nil, m, fmt.Errorf("%d of %d runs have no metric %s%s", len(group.Rows)-n, len(group.Rows), g.Metric, lacking(m, group))
	}
	return runs, m, nil
}

// lacking is why runs can lack a metric that a suite writes; empty where it is not known.
func lacking(m results.Metric, group results.Group) string {
	known := results.Describe(m.Name)
	if m.Unit == "" { // under the name that the manifest has
		known, _ = results.Lookup(strings.ReplaceAll(m.Name, ".", "_") + "_ms")
	}
	n := group.Overloaded()
	switch _, percentile := known.Percentile(); {
	case n > 0:
		return fmt.Sprintf(": %d were overloaded, which leaves out latencies and goodput; lower the rate", n)
	case percentile && known.Samples() > 11:
		return fmt.Sprintf(": it needs %d requests", known.Samples())
	}
	return ""
}

// wrongWay is a remark on a gate that only bounds its metric from the side on which it improves.
func wrongWay(g v1alpha1.Gate, m results.Metric) string {
	above, below := g.Max != nil || g.MaxRise > 0, g.Min != nil || g.MaxDrop > 0
	if m.Better == results.Lower && !above || m.Better == results.Higher && !below {
		return fmt.Sprintf("; note that %s is better for %s", m.Better, m.Name)
	}
	return ""
}

// Comparable says why two groups must not be compared.
func Comparable(a, b results.Group) error {
	switch {
	case len(a.Rows) == 0 || len(b.Rows) == 0:
		return errors.New("one side has no valid run")
	case a.Simulated() != b.Simulated():
		return errors.New("one side is simulated and the other is not")
	case a.Engine() != b.Engine():
		return fmt.Errorf("engines %s and %s are never compared", a.Engine(), b.Engine())
	}
	return nil
}
