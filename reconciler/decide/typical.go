package decide

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Alpha is the share of decisions about equal things that may be wrong.
const Alpha = 0.05

// Interval is an estimate with its interval. Lo and Hi are infinite where there are fewer than two observations.
type Interval struct {
	Basis
	N              int // observations
	Center, Lo, Hi float64
	Far            []float64 // values of the runs that lie far apart, as measured
}

// Typical estimates what a typical run of a metric comes to, with a chance of alpha that the interval misses it. It needs at
// least one run that has the metric.
func Typical(runs []Run, metric string, alpha float64) Interval {
	runs = having(runs, metric)
	v := values(runs, metric)
	back := func(x float64) float64 { return x }
	at := v
	if positive(v) {
		at, back = logs(v), math.Exp
	}
	out := Interval{Basis: Basis{Over: OverRuns, Runs: len(runs), Deployments: Deployments(runs)}}
	if out.Deployments > 1 {
		out.Over, at = OverDeployments, byDeployment(runs, at)
	} else {
		far := apart(at)
		for _, i := range far {
			out.Far = append(out.Far, v[i])
		}
		out.Apart, at = len(far), without(at, far)
	}
	center, half := mean(at, alpha)
	out.N, out.Center, out.Lo, out.Hi = len(at), back(center), math.Inf(-1), math.Inf(1)
	if !math.IsInf(half, 0) {
		out.Lo, out.Hi = back(center-half), back(center+half)
	}
	return out
}

// having are the runs that have a metric.
func having(runs []Run, metric string) (out []Run) {
	for _, r := range runs {
		if _, ok := r.Metrics[metric]; ok {
			out = append(out, r)
		}
	}
	return out
}

// mean is the mean, and half of its interval.
func mean(v []float64, alpha float64) (center, half float64) {
	center, sd := stat.MeanStdDev(v, nil)
	if len(v) < 2 {
		return center, math.Inf(1)
	}
	return center, beyond(float64(len(v)-1), alpha) * sd / math.Sqrt(float64(len(v)))
}

// beyond is what Student's t exceeds on either side with a chance of alpha.
func beyond(freedom, alpha float64) float64 { return student(freedom).Quantile(1 - alpha/2) }

func student(freedom float64) distuv.StudentsT {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}
}

// Side is where an interval lies of a bound.
type Side int

// The sides.
const (
	Open   Side = iota // the bound lies in the interval, or a run that lies apart is beyond it
	Within             // all of it keeps the bound
	Beyond             // all of it breaks the bound
)

// Against compares an interval with a bound from above (sign 1) or from below (-1).
func (iv Interval) Against(limit, sign float64) Side {
	worst, best := iv.Hi, iv.Lo
	if sign < 0 {
		worst, best = iv.Lo, iv.Hi
	}
	switch {
	case iv.N < 2:
		return Open
	case sign*(best-limit) > 0:
		return Beyond
	case sign*(worst-limit) > 0 || iv.FarBeyond(limit, sign) > 0:
		return Open
	}
	return Within
}

// FarBeyond counts the runs that lie apart from the others and break a bound.
func (iv Interval) FarBeyond(limit, sign float64) (n int) {
	for _, v := range iv.Far {
		if sign*(v-limit) > 0 {
			n++
		}
	}
	return n
}
