package gate

import (
	"fmt"
	"math"

	"assay/api/v1alpha1"
	"assay/reconciler/results"
)

// inUnit is a bound in the unit of what it bounds. A time can only bound a metric in ms or s.
func inUnit(b v1alpha1.Bound, unit string) (float64, error) {
	switch {
	case b.Time == 0:
		return b.Number, nil
	case unit == "ms":
		return float64(b.Time.Std().Microseconds()) / 1000, nil
	case unit == "s":
		return b.Time.Std().Seconds(), nil
	}
	return 0, fmt.Errorf("the bound is the time %s, but the metric is not a time", b)
}

// suffix is a unit as it follows a number.
func suffix(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

// within compares an interval with a bound from above (sign 1) or below (-1). The unit is written after numbers as it is.
func within(s results.Summary, limit, sign float64, unit string) (verdict, reason string) {
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

// relative compares the change against the baseline with what the gate allows.
func relative(g v1alpha1.Gate, m results.Metric, group results.Group, values []float64, baseline func(string, results.Group) (results.Group, error)) (string, string) {
	base, err := baseline(g.Baseline, group)
	if err != nil {
		return Inconclusive, err.Error()
	}
	if err := Comparable(base, group); err != nil {
		return Inconclusive, err.Error()
	}
	before := base.Values(m.Name)
	if len(before) == 0 {
		return Inconclusive, fmt.Sprintf("baseline %s has no valid run with %s", g.Baseline, g.Metric)
	}
	if results.Summarize(before).Mean == 0 {
		return Inconclusive, fmt.Sprintf("baseline %s has %s of zero, of which no change is a share; write max or min", g.Baseline, g.Metric)
	}
	c, judge := results.Change(before, values), within
	a, old := base.Bracket(m.Name)
	if b, ok := group.Bracket(m.Name); ok && old { // search.go
		c, judge = results.BracketChange(a, b), bracketedChange
	}
	c.Mean, c.Lo, c.Hi = 100*c.Mean, 100*c.Lo, 100*c.Hi
	verdict, reason := Go, ""
	for _, b := range []struct {
		limit v1alpha1.Percent
		sign  float64
	}{{g.MaxRise, 1}, {g.MaxDrop, -1}} {
		if b.limit == 0 {
			continue
		}
		v, why := judge(c, b.sign*float64(b.limit), b.sign, "%")
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

// number prints four significant digits, and all digits of large numbers, with a unit.
func number(v float64, unit string) string {
	if math.Abs(v) >= 10000 && !math.IsInf(v, 0) {
		return fmt.Sprintf("%.0f", v) + unit
	}
	return fmt.Sprintf("%.4g", v) + unit
}
