// Package gate decides whether results pass: GO, NO-GO, or INCONCLUSIVE when there are too few repeats to decide.
//
//	gate.go    Evaluate: one gate on one group of repeats
//	bounds.go  an interval against a bound, or against a baseline
//	search.go  the interval of a search against a bound
//
// A bound is compared with the 95 % interval of the mean over the repeats of a benchmark at a point: GO when the whole
// interval lies within the bound, NO-GO when the whole interval lies beyond it, INCONCLUSIVE when the bound lies inside the
// interval. So one run alone never decides, and a missing or invalid result never passes. A baseline is compared by the
// interval of the relative change (Welch). Simulated results are not compared with real ones, nor engines with one another.
//
// Metrics, their units and which way they improve come from the catalogue in reconciler/results.
package gate

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"assay/api/v1alpha1"
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

// Evaluate decides one gate on one group. Promql can be nil; baseline gives the group to compare with.
func Evaluate(g v1alpha1.Gate, group results.Group, promql Values, baseline func(ref string, like results.Group) (results.Group, error)) Verdict {
	v := Verdict{Benchmark: group.Benchmark, Point: group.Point, Gate: g.String()}
	v.Verdict, v.Reason = decide(g, group, promql, baseline)
	if n := len(group.Invalid); n > 0 {
		v.Reason += fmt.Sprintf("; %d invalid or failed run(s) not counted", n)
		if v.Verdict == Go { // the repeat that went wrong can be the one that matters
			v.Verdict = Inconclusive
		}
	}
	return v
}

func decide(g v1alpha1.Gate, group results.Group, promql Values, baseline func(string, results.Group) (results.Group, error)) (string, string) {
	if len(group.Rows) == 0 {
		return Inconclusive, "no valid run"
	}
	values, metric, err := read(g, group, promql)
	if err != nil {
		return Inconclusive, err.Error()
	}
	if slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
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
	for _, b := range []struct {
		bound *v1alpha1.Bound
		sign  float64
	}{{g.Max, 1}, {g.Min, -1}} {
		if b.bound == nil {
			continue
		}
		limit, err := inUnit(*b.bound, metric.Unit)
		if err != nil {
			return Inconclusive, err.Error()
		}
		if s, ok := group.Bracket(metric.Name); ok { // search.go
			add(bracketed("capacity", s, limit, b.sign, suffix(metric.Unit)))
			continue
		}
		add(within(results.Summarize(values), limit, b.sign, suffix(metric.Unit)))
	}
	if g.Baseline != "" {
		add(relative(g, metric, group, values, baseline))
	}
	return verdict, reason + wrongWay(g, metric)
}

// read finds a gate's values and their metric, which is empty for a PromQL expression.
func read(g v1alpha1.Gate, group results.Group, promql Values) ([]float64, results.Metric, error) {
	if g.PromQL != "" {
		if promql == nil {
			return nil, results.Metric{}, errors.New("no Prometheus to ask")
		}
		values, err := promql(g, group.Rows)
		return values, results.Metric{}, err
	}
	m := results.Resolve(g.Metric, group.Metrics())
	values := group.Values(m.Name)
	if len(values) < len(group.Rows) {
		return nil, m, fmt.Errorf("%d of %d runs have no metric %s", len(group.Rows)-len(values), len(group.Rows), g.Metric)
	}
	return values, m, nil
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
