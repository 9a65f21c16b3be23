package decide

import "math"

// Change estimates how much a typical run of now is above one of before, as a share of it, with a chance of alpha that the
// interval misses it. Both sides need at least one run that has the metric.
func Change(before, now []Run, metric string, paired bool, alpha float64) Interval {
	before, now = having(before, metric), having(now, metric)
	x, y := values(before, metric), values(now, metric)
	out := Interval{Basis: basis(before, now, paired), N: 1, Lo: math.Inf(-1), Hi: math.Inf(1)}
	whole, back := math.Abs(median(x)), math.Expm1
	if !positive(x, y) {
		back = func(d float64) float64 { return d / whole }
	}
	o := out.observe(before, now, metric)
	if !o.enough() {
		out.Center = (median(y) - median(x)) / whole
		return out
	}
	out.Apart = o.apart()
	diff, se, freedom := o.difference()
	half := 0.0
	if se > 0 {
		half = beyond(freedom, alpha) * se
	}
	out.N, out.Center, out.Lo, out.Hi = len(o.x), back(diff), back(diff-half), back(diff+half)
	if !o.pairs {
		out.N = min(len(o.x), len(o.y))
	}
	return out
}
