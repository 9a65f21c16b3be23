package decide

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// rotations is how many draws estimate a family's p-values: near 0.05 they are right within 0.01.
const rotations = 4000

// family is a number of metrics over the same observations. Each row is a metric. What is tested is how much of a row lies
// in one direction: for two sides the one from one side to the other, for pairs the one in which all pairs go alike.
type family struct {
	rows     [][]float64
	toward   []float64 // of length one
	centered bool      // rows and directions have a mean of zero
}

// share is how much of a row lies in a direction, from 0 to 1. It grows with Student's t.
func share(row, direction []float64) float64 {
	along, all := 0.0, 0.0
	for i, v := range row {
		along, all = along+v*direction[i], all+v*v
	}
	if all == 0 {
		return 0
	}
	return min(math.Abs(along)/math.Sqrt(all), 1)
}

// together are the p-values of all rows read together: how often, in directions that chance takes, any row that is not
// clearer than this one goes as far. The draws are the same for the same number of observations; what they are too few to
// tell is 0.
func (f family) together() []float64 {
	if len(f.rows) == 1 {
		return []float64{0} // its own p-value holds
	}
	shares, order := make([]float64, len(f.rows)), make([]int, len(f.rows))
	for i, row := range f.rows {
		shares[i], order[i] = share(row, f.toward), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	unit := make([][]float64, len(f.rows)) // of length one, or zero
	for i, row := range f.rows {
		unit[i] = slices.Clone(row)
		scale(unit[i])
	}
	n, hits := len(f.toward), make([]int, len(f.rows))
	r, direction := rand.New(rand.NewPCG(uint64(n), 1)), make([]float64, n)
	for range rotations {
		f.draw(r, direction)
		most := 0.0
		for k := len(order) - 1; k >= 0; k-- {
			along := 0.0
			for i, v := range unit[order[k]] {
				along += v * direction[i]
			}
			if most = max(most, math.Abs(along)); most >= shares[order[k]]-1e-12 {
				hits[k]++
			}
		}
	}
	out, least := make([]float64, len(f.rows)), 0.0
	for k, i := range order {
		least = max(least, float64(hits[k])/rotations)
		out[i] = least
	}
	return out
}

// draw fills in a direction that chance takes.
func (f family) draw(r *rand.Rand, direction []float64) {
	for i := range direction {
		direction[i] = r.NormFloat64()
	}
	if f.centered {
		center(direction)
	}
	scale(direction)
}

func center(v []float64) {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	for i := range v {
		v[i] -= sum / float64(len(v))
	}
}

// scale makes a vector of length one, unless it is zero.
func scale(v []float64) {
	all := 0.0
	for _, x := range v {
		all += x * x
	}
	if all == 0 {
		return
	}
	for i := range v {
		v[i] /= math.Sqrt(all)
	}
}
