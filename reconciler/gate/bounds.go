package gate

import (
	"fmt"
	"math"

	"assay/api/v1alpha1"
	"assay/reconciler/decide"
	"assay/reconciler/results"
)

// suffix is a unit as it follows a number.
func suffix(unit string) string {
	if unit == "" {
		return ""
	}
	return " " + unit
}

// judge compares an interval with a bound from above (sign 1) or below (-1). The unit is written after numbers as it is.
func judge(iv decide.Interval, limit, sign float64, unit string) (verdict, reason string) {
	word := "max"
	if sign < 0 {
		word = "min"
	}
	if iv.N < 2 {
		return Inconclusive, fmt.Sprintf("%s of %d, %s %s: one run says nothing of the spread; raise repeats", number(iv.Center, unit), iv.N, word, number(limit, unit))
	}
	what := fmt.Sprintf("typically %s [%s, %s] over %s, %s %s", number(iv.Center, ""), number(iv.Lo, ""), number(iv.Hi, unit), iv.Basis, word, number(limit, unit))
	if iv.Apart > 0 {
		what += fmt.Sprintf("; %d run(s) lie far apart and are set aside", iv.Apart)
	}
	switch side := iv.Against(limit, sign); {
	case side == decide.Within:
		return Go, what
	case side == decide.Beyond:
		return NoGo, what
	case iv.FarBeyond(limit, sign) > 0:
		return Inconclusive, what + fmt.Sprintf("; %d of them are beyond the bound: look at them, and do them again: assay rerun RUN", iv.FarBeyond(limit, sign))
	}
	return Inconclusive, what + "; the bound lies within the interval: raise repeats"
}

// relative compares the change against the baseline with what the gate allows.
func relative(g v1alpha1.Gate, m results.Metric, group results.Group, alpha float64, baseline Baseline) (string, string) {
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
	a, old := base.Bracket(m.Name)
	if b, ok := group.Bracket(m.Name); ok && old { // search.go
		c := results.BracketChange(a, b)
		c.Mean, c.Lo, c.Hi = 100*c.Mean, 100*c.Lo, 100*c.Hi
		verdict, reason := allowed(g, func(limit, sign float64) (string, string) { return bracketed("it is", c, limit, sign, "%") })
		return verdict, "change against " + g.Baseline + ": " + reason
	}
	c := decide.Change(base.Runs(), group.Runs(), m.Name, false, alpha)
	c.Center, c.Lo, c.Hi = 100*c.Center, 100*c.Lo, 100*c.Hi
	verdict, reason := allowed(g, func(limit, sign float64) (string, string) { return judge(c, limit, sign, "%") })
	return verdict, "change against " + g.Baseline + ": " + reason + uncovered(c.Basis)
}

// allowed judges a change by what the gate allows to either side.
func allowed(g v1alpha1.Gate, judge func(limit, sign float64) (string, string)) (verdict, reason string) {
	verdict = Go
	for _, b := range []struct {
		limit v1alpha1.Percent
		sign  float64
	}{{g.MaxRise, 1}, {g.MaxDrop, -1}} {
		if b.limit == 0 {
			continue
		}
		v, why := judge(b.sign*float64(b.limit), b.sign)
		if v == NoGo || v == Inconclusive && verdict == Go {
			verdict = v
		}
		if reason != "" {
			reason += "; "
		}
		reason += why
	}
	return verdict, reason
}

// uncovered is a remark on a result of one deployment.
func uncovered(b decide.Basis) string {
	if b.Covers() == "" {
		return ""
	}
	return "; " + b.Covers()
}

// number prints four significant digits, and all digits of large numbers, with a unit.
func number(v float64, unit string) string {
	if math.Abs(v) >= 10000 && !math.IsInf(v, 0) {
		return fmt.Sprintf("%.0f", v) + unit
	}
	return fmt.Sprintf("%.4g", v) + unit
}
