package plan

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"assay/drivers"
)

// What runs differ by beyond what their requests explain is estimated over all loads of a search, since a load has only a few
// runs of its own. A higher load keeps no larger share than a lower one: where its runs did, they count as runs of one load, and
// what they differ by is scatter, too.
//
// A machine that others use is slow for some time, so runs that follow one another tell less than as many that are far apart: how
// much less, the order of the runs says.

// scatter is what runs of a search differ by.
type scatter struct {
	theta float64 // the variance of the share of a run, for a share of p in proportion to p(1-p), beyond that of its requests
	rho   float64 // how much of what a run is off by the next one is off by as well, 0 to 1
	free  float64 // degrees of freedom; 0: nothing is known
}

// level are neighbouring loads whose runs count as of one: how many of their requests kept the part.
type level struct {
	from, to int
	good, of float64
}

// off is by how much a run is off its load, as a multiple of the deviation of one request, and its place in the order of all runs.
type off struct {
	turn int
	by   float64
}

// scatterOf is the scatter of a part's share.
func scatterOf(loads []*load, part string) scatter {
	var offs []off
	var levels, own float64
	for _, v := range falling(loads, part) {
		share := v.good / v.of
		if v.good < fewMissed || v.of-v.good < fewMissed {
			continue // nearly all or none: that shows nothing
		}
		levels++
		for _, l := range loads[v.from:v.to] {
			for i, t := range l.trials {
				if k, ok := t.kept(part); ok {
					offs = append(offs, off{l.turns[i], (float64(k.Good)/float64(k.Of) - share) / math.Sqrt(share*(1-share))})
					own += 1 / float64(k.Effective)
				}
			}
		}
	}
	n := float64(len(offs))
	if n <= levels {
		return scatter{}
	}
	slices.SortFunc(offs, func(a, b off) int { return cmp.Compare(a.turn, b.turn) })
	var square, next float64
	for i, o := range offs {
		square += o.by * o.by
		if i > 0 {
			next += o.by * offs[i-1].by
		}
	}
	out := scatter{free: n - levels, theta: max(0, square/(n-levels)-own/n)}
	if rho := next / square; square > 0 && n-levels >= fewFree { // it comes out too low, the more so the fewer runs there are
		out.rho = max(0, min(mostAlike, rho+(1+3*rho)/n))
	}
	return out
}

// falling are the levels of loads in order. None keeps a larger share than the one before: loads that did are added up.
func falling(loads []*load, part string) (out []level) {
	for i, l := range loads {
		next := level{from: i, to: i + 1}
		for _, t := range l.trials {
			if k, ok := t.kept(part); ok {
				next.good, next.of = next.good+float64(k.Good), next.of+float64(k.Of)
			}
		}
		if next.of == 0 {
			continue
		}
		for len(out) > 0 && out[len(out)-1].good/out[len(out)-1].of < next.good/next.of {
			last := out[len(out)-1]
			next.good, next.of, next.from = next.good+last.good, next.of+last.of, last.from
			out = out[:len(out)-1]
		}
		out = append(out, next)
	}
	return out
}

// mostAlike is how alike neighbouring runs can be said to be by the few of a search; fewFree are the degrees of freedom from
// which on anything is said of it.
const (
	mostAlike = 0.9
	fewFree   = 4
)

// worth is how many independent requests the runs of a load are worth that took these turns.
func (s scatter) worth(requests float64, turns []int) float64 {
	n, alike := float64(len(turns)), 0.0
	for _, a := range turns {
		for _, b := range turns {
			alike += near(s.rho, a, b)
		}
	}
	return 1 / (1/requests + s.theta*alike/(n*n))
}

// near is how alike the runs of two turns are where neighbours are so by rho.
func near(rho float64, a, b int) float64 {
	switch {
	case a == b:
		return 1
	case rho == 0:
		return 0
	}
	return math.Pow(rho, math.Abs(float64(a-b)))
}

// quantile is how many deviations an estimate is off with a probability of doubt at each end.
func (s scatter) quantile(doubt float64) float64 {
	if s.free == 0 {
		return math.Sqrt2 * math.Erfinv(1-2*doubt)
	}
	return distuv.StudentsT{Sigma: 1, Nu: max(1, s.free*(1-s.rho)/(1+s.rho))}.Quantile(1 - doubt)
}

// kept is what a trial says of a part. A run that missed its objective as a whole kept none of it.
func (t *Trial) kept(part string) (drivers.Kept, bool) {
	i := slices.IndexFunc(t.Parts, func(k drivers.Kept) bool { return k.Part == part })
	if i < 0 || t.Parts[i].Of == 0 {
		return drivers.Kept{}, false
	}
	k := t.Parts[i]
	if t.Missed != "" {
		k.Good, k.Effective = 0, k.Of
	}
	return k, true
}
