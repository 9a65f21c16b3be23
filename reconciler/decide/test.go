package decide

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Family is the answer of Test.
type Family struct {
	Basis
	P      map[string]float64 // by metric, on its own: Student's t
	Family map[string]float64 // by metric, as one of all
	Least  float64            // the least of Family; 1 without any
}

// Test says, of each metric that both sides have, how often chance would make so large a difference of equal things. There
// must be at least two observations a side, else no metric has an answer.
func Test(before, now []Run, metrics []string, paired bool) Family {
	out := Family{Basis: basis(before, now, paired), P: map[string]float64{}, Family: map[string]float64{}, Least: 1}
	f, names, single := family{}, []string(nil), []string(nil)
	for _, m := range metrics {
		if Complete(before, m) && Complete(now, m) {
			names = append(names, m)
		} else if len(values(before, m)) > 0 && len(values(now, m)) > 0 {
			single = append(single, m)
		}
	}
	for _, m := range names {
		o := out.observe(before, now, m)
		if !o.enough() {
			return out
		}
		out.Apart = max(out.Apart, o.apart()) // its own interval is without these
		o, far := o.pulledIn(len(names))
		out.Apart = max(out.Apart, far)
		row, toward := o.row()
		f.rows, f.toward, f.centered = append(f.rows, row), toward, !o.pairs
	}
	// Those that some runs lack are tested one by one. All of them together are wrong as seldom as one.
	tests := float64(len(names) + len(single))
	many := f.together()
	for i, m := range names {
		out.P[m] = out.observe(before, now, m).alone()
		least := min(out.P[m]*float64(len(names)), 1.0/rotations) // where the draws are too few to tell
		out.Family[m] = min(1, max(many[i], out.P[m], least)*tests/float64(len(names)))
	}
	for _, m := range single {
		a, b := having(before, m), having(now, m)
		if o := basis(a, b, false).observe(a, b, m); o.enough() {
			out.P[m] = o.alone()
			out.Family[m] = min(1, out.P[m]*tests)
		}
	}
	for _, p := range out.Family {
		out.Least = min(out.Least, p)
	}
	return out
}

// basis says what is compared. Pairs are single deployments that were measured in turn, or with the same five seeds or more:
// with fewer the pairs cost more than they bring.
func basis(before, now []Run, paired bool) Basis {
	const enough = 5
	out := Basis{Over: OverRuns, Runs: min(len(before), len(now)), Deployments: min(Deployments(before), Deployments(now))}
	switch {
	case out.Deployments > 1:
		out.Over = OverDeployments
	case Deployments(before) > 1 || Deployments(now) > 1:
	case sameSeeds(before, now) && (paired && out.Runs > 2 || out.Runs >= enough):
		out.Over = OverPairs
	}
	return out
}

// observed are the observations of one metric: of two sides, or, when y is nil, the differences of pairs.
type observed struct {
	x, y  []float64
	pairs bool
	solid bool // medians of deployments, of which none is set aside
}

// observe makes observations of runs, as the basis says.
func (b Basis) observe(before, now []Run, metric string) observed {
	x, y := values(before, metric), values(now, metric)
	if positive(x, y) {
		x, y = logs(x), logs(y)
	}
	switch b.Over {
	case OverPairs:
		return observed{x: differences(before, now, x, y), pairs: true}
	case OverDeployments:
		if sameSeeds(before, now) {
			x, y = withoutSeeds(before, now, x, y)
		}
		return observed{x: byDeployment(before, x), y: byDeployment(now, y), solid: true}
	}
	return observed{x: x, y: y}
}

func (o observed) enough() bool { return len(o.x) > 1 && (o.pairs || len(o.y) > 1) }

// pulledIn are the observations of one of some metrics with those that lie far apart pulled in, and how many those are.
func (o observed) pulledIn(metrics int) (observed, int) {
	switch {
	case o.solid, metrics == 1:
		return o, 0
	case o.pairs:
		sides, far := pulledIn(metrics, o.x)
		o.x = sides[0]
		return o, far
	}
	sides, far := pulledIn(metrics, o.x, o.y)
	o.x, o.y = sides[0], sides[1]
	return o, far
}

// apart is how many observations of a metric on its own lie far apart.
func (o observed) apart() int {
	if o.solid {
		return 0
	}
	return len(apart(o.x)) + len(apart(o.y))
}

// row are the observations, and toward the direction that is tested.
func (o observed) row() (row, toward []float64) {
	row, toward = slices.Concat(o.x, o.y), make([]float64, len(o.x)+len(o.y))
	for i := range toward {
		if o.pairs || i >= len(o.x) {
			toward[i] = 1
		}
	}
	if !o.pairs {
		center(row)
		center(toward)
	}
	scale(toward)
	return row, toward
}

// difference is the mean difference, its standard error and its degrees of freedom, without what lies far apart. Where the
// sides have different numbers of observations they may vary differently (Welch), which with equal numbers makes no odds.
func (o observed) difference() (diff, se, freedom float64) {
	x, y := o.x, o.y
	if !o.solid {
		x = without(x, apart(x))
		y = without(y, apart(y))
	}
	n, m := float64(len(x)), float64(len(y))
	if o.pairs {
		mean, sd := stat.MeanStdDev(x, nil)
		return mean, sd / math.Sqrt(n), n - 1
	}
	a, b := stat.Variance(x, nil)/n, stat.Variance(y, nil)/m
	diff, se, freedom = stat.Mean(y, nil)-stat.Mean(x, nil), math.Sqrt(a+b), n+m-2
	if n != m && se > 0 {
		freedom = (a + b) * (a + b) / (a*a/(n-1) + b*b/(m-1))
	}
	return diff, se, freedom
}

// alone is the p-value of Student's t test. Where the sides have different numbers of observations it is the larger one of
// Student's and Welch's: each is too small in some such cases.
func (o observed) alone() float64 {
	diff, se, freedom := o.difference()
	switch {
	case math.Abs(diff) < 1e-12:
		return 1
	case se < 1e-12*math.Abs(diff):
		return 0 // no noise at all
	}
	p := 2 * (1 - student(freedom).CDF(math.Abs(diff)/se))
	if n, m := float64(len(o.x)), float64(len(o.y)); !o.pairs && n != m {
		pooled := ((n-1)*stat.Variance(o.x, nil) + (m-1)*stat.Variance(o.y, nil)) / (n + m - 2)
		p = max(p, 2*(1-student(n+m-2).CDF(math.Abs(diff)/math.Sqrt(pooled*(1/n+1/m)))))
	}
	return p
}

// differences are those between runs of the same seed.
func differences(before, now []Run, x, y []float64) (out []float64) {
	for i, r := range before {
		for k, s := range now {
			if r.Seed == s.Seed {
				out = append(out, y[k]-x[i])
			}
		}
	}
	return out
}

// withoutSeeds takes out what a seed does to the deployments of both sides.
func withoutSeeds(before, now []Run, x, y []float64) (a, b []float64) {
	of := map[int64][]float64{}
	for i, r := range before {
		of[r.Seed] = append(of[r.Seed], x[i])
	}
	for i, r := range now {
		of[r.Seed] = append(of[r.Seed], y[i])
	}
	take := func(runs []Run, v []float64) []float64 {
		out := make([]float64, len(v))
		for i, r := range runs {
			out[i] = v[i] - median(of[r.Seed])
		}
		return out
	}
	return take(before, x), take(now, y)
}
