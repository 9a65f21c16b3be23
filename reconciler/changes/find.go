package changes

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// fewest values tell a change from noise: with fewer nothing is left to estimate the noise by.
const fewest = 4

// Change is a place in a series: from the value at At on it is another one.
type Change struct {
	At            int
	Before, After float64 // means of the values between this change and its neighbours, in their unit
	P             float64 // of such a change, or a larger one, in a series without one; it is corrected for the places that were tried
}

// Find returns the changes of a series, in order. Alpha is the share of series without a change that may show one.
func Find(values []float64, alpha float64) []Change {
	at, back := values, func(x float64) float64 { return x }
	if !slices.ContainsFunc(values, func(v float64) bool { return v <= 0 }) {
		at, back = make([]float64, len(values)), math.Exp
		for i, v := range values {
			at[i] = math.Log(v)
		}
	}
	found := find(at, 0, alpha)
	slices.SortFunc(found, func(a, b Change) int { return cmp.Compare(a.At, b.At) })
	for i := range found {
		from, to := 0, len(at)
		if i > 0 {
			from = found[i-1].At
		}
		if i+1 < len(found) {
			to = found[i+1].At
		}
		found[i].Before, found[i].After = back(stat.Mean(at[from:found[i].At], nil)), back(stat.Mean(at[found[i].At:to], nil))
	}
	return found
}

func find(v []float64, offset int, alpha float64) []Change {
	if len(v) < fewest {
		return nil
	}
	split, most := 0, 0.0
	for i := 1; i < len(v); i++ {
		if d := distance(v[:i], v[i:]); d > most {
			split, most = i, d
		}
	}
	if split == 0 {
		return nil
	}
	p := min(1, test(v[:split], v[split:])*float64(len(v)-1))
	if p > alpha {
		return nil
	}
	out := append(find(v[:split], offset, alpha), Change{At: offset + split, P: p})
	return append(out, find(v[split:], offset+split, alpha)...)
}

// distance is the energy distance of two samples, times the share that each has.
func distance(a, b []float64) float64 {
	m, n := float64(len(a)), float64(len(b))
	return m * n / (m + n) * (2*between(a, b)/(m*n) - between(a, a)/(m*m) - between(b, b)/(n*n))
}

func between(a, b []float64) (sum float64) {
	for _, x := range a {
		for _, y := range b {
			sum += math.Abs(x - y)
		}
	}
	return sum
}

// test is the p-value of Student's t-test of two samples with the same spread, from both sides.
func test(a, b []float64) float64 {
	free := float64(len(a) + len(b) - 2)
	squares := 0.0
	for _, part := range [][]float64{a, b} {
		mean := stat.Mean(part, nil)
		for _, x := range part {
			squares += (x - mean) * (x - mean)
		}
	}
	apart := math.Abs(stat.Mean(a, nil) - stat.Mean(b, nil))
	if squares == 0 {
		return map[bool]float64{true: 1, false: 0}[apart == 0]
	}
	t := apart / math.Sqrt(squares/free*(1/float64(len(a))+1/float64(len(b))))
	return 2 * distuv.StudentsT{Sigma: 1, Nu: free}.Survival(t)
}
