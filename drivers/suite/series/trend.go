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

// Trend is what the trend of values is told from. Each value is read once, in the order of time.
type Trend struct {
	n, at int
	block int
	sums  [blocks]float64
	five  [five]float64
	fives []float64 // means of five values each
}

const five = 5

// NewTrend is that of n values, which are added next.
func NewTrend(n int) *Trend { return &Trend{n: n, fives: make([]float64, 0, n/five)} }

// Add adds the next value.
func (t *Trend) Add(v float64) {
	for t.at >= (t.block+1)*t.n/blocks {
		t.block++
	}
	t.sums[t.block] += v
	t.five[t.at%five] = v
	if t.at++; t.at%five == 0 {
		m, _ := meanVariance(t.five[:])
		t.fives = append(t.fives, m)
	}
}

// Rise is by how much values rise from the first to the last, in their unit, and whether that is sure: whether the steps
// from each tenth's mean to the next are above zero on average, by a t test at 1 %. Nothing is assumed of how long values depend
// on each other, since a step is small against a block: of a series without a trend the steps undo one another, which makes
// their spread large against their sum, and of a random walk, which is the worst that can have none, they are independent.
// A server that fills and is then full rises in its first steps alone, which is not sure. Fewer than TrendSamples values never are.
func (t *Trend) Rise() (rise float64, sure bool) {
	if t.n < TrendSamples {
		return 0, false
	}
	mean := func(i int) float64 { return t.sums[i] / float64((i+1)*t.n/blocks-i*t.n/blocks) }
	steps := make([]float64, blocks-1)
	for i := range steps {
		steps[i] = mean(i+1) - mean(i)
	}
	step, spread := meanVariance(steps)
	if step <= 0 {
		return step * blocks, false
	}
	return step * blocks, step/math.Sqrt(spread/(blocks-2)) > rare
}

// WarmUp is how many values at the beginning are of a warm-up, by MSER-5: after these, of all beginnings up to a half, the mean
// of the rest is known best, as far as means of five values tell. 0 for fewer than twenty values.
func (t *Trend) WarmUp() int {
	means := t.fives
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

// Rise is that of values in memory.
func Rise(values []float64) (rise float64, sure bool) { return trendOf(values).Rise() }

// WarmUp is that of values in memory.
func WarmUp(values []float64) int { return trendOf(values).WarmUp() }

func trendOf(values []float64) *Trend {
	t := NewTrend(len(values))
	for _, v := range values {
		t.Add(v)
	}
	return t
}
