package series

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

const (
	blocks = 10   // whose means are compared
	chance = 0.01 // of a rise where there is none
)

// TrendSamples is how many values Rise needs.
const TrendSamples = 4 * blocks

// rare is what Student's t of the steps between blocks exceeds in so few cases.
var rare = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: blocks - 2}.Quantile(1 - chance)

// Rise is by how much values rise from the first to the last, in their unit, and whether that is sure: whether the steps
// from each tenth's mean to the next are above zero on average, by a t test at 1 %. Nothing is assumed of how long values depend
// on each other, since a step is small against a block: of a series without a trend the steps undo one another, which makes
// their spread large against their sum, and of a random walk, which is the worst that can have none, they are independent.
// A server that fills and is then full rises in its first steps alone, which is not sure. Fewer than TrendSamples values never are.
func Rise(values []float64) (rise float64, sure bool) {
	if len(values) < TrendSamples {
		return 0, false
	}
	means := make([]float64, blocks)
	for i := range means {
		means[i], _ = meanVariance(values[i*len(values)/blocks : (i+1)*len(values)/blocks])
	}
	steps := make([]float64, blocks-1)
	for i := range steps {
		steps[i] = means[i+1] - means[i]
	}
	step, spread := meanVariance(steps)
	if step <= 0 {
		return step * blocks, false
	}
	return step * blocks, step/math.Sqrt(spread/(blocks-2)) > rare
}

// WarmUp is how many values at the beginning are of a warm-up, by MSER-5: after these, of all beginnings up to a half, the mean
// of the rest is known best, as far as means of five values tell. 0 for fewer than twenty values.
func WarmUp(values []float64) int {
	const five = 5
	var means []float64
	for at := 0; at+five <= len(values); at += five {
		m, _ := meanVariance(values[at : at+five])
		means = append(means, m)
	}
	if len(means) < 4 {
		return 0
	}
	best, cut := math.Inf(1), 0
	var n, sum, squares float64
	for d := len(means) - 1; d >= 0; d-- { // from the end, so that one pass is enough
		x := means[d] - means[len(means)-1]
		n, sum, squares = n+1, sum+x, squares+x*x
		if score := (squares - sum*sum/n) / (n * n); d <= len(means)/2 && score <= best {
			best, cut = score, d
		}
	}
	return five * cut
}
