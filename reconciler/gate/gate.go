// Package gate decides whether results pass: GO, NO-GO, or INCONCLUSIVE when the repeats do not tell.
//
// A bound is compared with the 95 % interval of the mean over the repeats of a benchmark at a point: GO when all of the
// interval lies within the bound, NO-GO when all of it lies beyond, INCONCLUSIVE when the bound lies inside. So one run
// alone never decides, and what is missing or not valid is never taken for good. A baseline is compared by the interval
// of the relative change (Welch). Simulated results are not compared with real ones, nor engines with one another.
package gate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

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

// Values are what a gate looks at: those of a metric, or of a PromQL expression over the window of each run.
type Values func(g v1alpha1.Gate, rows []results.Row) ([]float64, error)

// Evaluate decides one gate on one group. Baseline gives the group to compare with.
func Evaluate(g v1alpha1.Gate, group results.Group, promql Values, baseline func(ref string, like results.Group) (results.Group, error)) Verdict {
	v := Verdict{Benchmark: group.Benchmark, Point: group.Point, Gate: g.String()}
	v.Verdict, v.Reason = decide(g, group, promql, baseline)
	if n := len(group.Invalid); n > 0 {
		v.Reason += fmt.Sprintf("; %d invalid or failed run(s) not counted", n)
		if v.Verdict == Go { // a repeat that went wrong may be the one that matters
			v.Verdict = Inconclusive
		}
	}
	return v
}

func decide(g v1alpha1.Gate, group results.Group, promql Values, baseline func(string, results.Group) (results.Group, error)) (string, string) {
	if len(group.Rows) == 0 {
		return Inconclusive, "no valid run"
	}
	values, unit, err := read(g, group, promql)
	if err != nil {
		return Inconclusive, err.Error()
	}
	if slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
		return Inconclusive, "a value is no number"
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
		limit, err := inUnit(*b.bound, unit)
		if err != nil {
			return Inconclusive, err.Error()
		}
		add(within(results.Summarize(values), limit, b.sign, unit))
	}
	if g.Baseline != "" {
		add(relative(g, group, values, unit, baseline))
	}
	return verdict, reason
}

// read finds a gate's values and their unit.
func read(g v1alpha1.Gate, group results.Group, promql Values) ([]float64, string, error) {
	if g.PromQL != "" {
		if promql == nil {
			return nil, "", errors.New("no Prometheus to ask")
		}
		values, err := promql(g, group.Rows)
		return values, "", err
	}
	name, unit := Resolve(g.Metric, group.Metrics())
	values := group.Values(name)
	if len(values) < len(group.Rows) {
		return nil, "", fmt.Errorf("%d of %d runs have no metric %s", len(group.Rows)-len(values), len(group.Rows), g.Metric)
	}
	return values, unit, nil
}

// units are the endings of metrics' names that say one.
var units = []string{"ms", "s", "seconds", "percent", "gibs", "kiops"}

// Resolve finds the metric that is meant among those that there are: ttft.p99 is ttft_p99_ms. The unit is what its name
// ends in.
func Resolve(name string, there []string) (metric, unit string) {
	flat := strings.ReplaceAll(name, ".", "_")
	for _, m := range there {
		for _, u := range append([]string{""}, units...) {
			if m == flat && u == "" || u != "" && m == flat+"_"+u {
				return m, unitOf(m)
			}
		}
	}
	return flat, unitOf(flat)
}

func unitOf(metric string) string {
	for _, u := range units {
		if strings.HasSuffix(metric, "_"+u) {
			return u
		}
	}
	return ""
}

func inUnit(b v1alpha1.Bound, unit string) (float64, error) {
	switch {
	case b.Time == 0:
		return b.Number, nil
	case unit == "ms":
		return float64(b.Time.Std().Microseconds()) / 1000, nil
	case unit == "s" || unit == "seconds":
		return b.Time.Std().Seconds(), nil
	}
	return 0, fmt.Errorf("the bound is the time %s, but the metric is no time", b)
}

// within compares an interval with a bound from above (sign 1) or below (-1).
func within(s results.Summary, limit, sign float64, unit string) (string, string) {
	worst, best := s.Hi, s.Lo
	word := "max"
	if sign < 0 {
		worst, best, word = s.Lo, s.Hi, "min"
	}
	what := fmt.Sprintf("mean %s of %d, %s %s", number(s.Mean, unit), s.N, word, number(limit, unit))
	if s.N < 2 {
		return Inconclusive, what + ": one run says nothing of the spread; raise repeats"
	}
	what = fmt.Sprintf("mean %s [%s, %s] of %d, %s %s", number(s.Mean, ""), number(s.Lo, ""), number(s.Hi, unit), s.N, word, number(limit, unit))
	switch {
	case sign*(worst-limit) <= 0:
		return Go, what
	case sign*(best-limit) > 0:
		return NoGo, what
	}
	return Inconclusive, what + ": the bound lies within the interval; raise repeats"
}

func relative(g v1alpha1.Gate, group results.Group, values []float64, unit string, baseline func(string, results.Group) (results.Group, error)) (string, string) {
	base, err := baseline(g.Baseline, group)
	if err != nil {
		return Inconclusive, err.Error()
	}
	if err := Comparable(base, group); err != nil {
		return Inconclusive, err.Error()
	}
	name, _ := Resolve(g.Metric, group.Metrics())
	before := base.Values(name)
	if len(before) == 0 {
		return Inconclusive, fmt.Sprintf("baseline %s has no valid run with %s", g.Baseline, g.Metric)
	}
	if results.Summarize(before).Mean == 0 {
		return Inconclusive, fmt.Sprintf("baseline %s has %s of zero, of which no change is a share; write max or min", g.Baseline, g.Metric)
	}
	c := results.Change(before, values)
	c.Mean, c.Lo, c.Hi = 100*c.Mean, 100*c.Lo, 100*c.Hi
	verdict, reason := Go, ""
	for _, b := range []struct {
		limit v1alpha1.Percent
		sign  float64
	}{{g.MaxRise, 1}, {g.MaxDrop, -1}} {
		if b.limit == 0 {
			continue
		}
		v, why := within(c, b.sign*float64(b.limit), b.sign, "%")
		if v == NoGo || v == Inconclusive && verdict == Go {
			verdict = v
		}
		if reason != "" {
			reason += "; "
		}
		reason += why
	}
	return verdict, "change against " + g.Baseline + ": " + reason
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

// number prints four significant digits with a unit.
func number(v float64, unit string) string {
	text := fmt.Sprintf("%.4g", v)
	if math.Abs(v) >= 10000 && !math.IsInf(v, 0) {
		text = fmt.Sprintf("%.0f", v)
	}
	switch unit {
	case "":
		return text
	case "%":
		return text + "%"
	case "percent":
		return text + " %"
	}
	return text + " " + unit
}
