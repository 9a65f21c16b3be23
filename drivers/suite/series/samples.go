package series

import "math"

// doubt is the share of runs in which a percentile may have fewer samples beyond it than it needs.
const doubt = 0.01

// Samples is how many samples the p-th percentile (0 < p < 100) needs: so many that with 99 % confidence at least two of
// them lie beyond it. Of n samples none lies beyond with probability qⁿ, and one with n(1-q)qⁿ⁻¹, where q is p/100: the answer
// is the least n for which the two together are at most 1 %. It is 11 for the median, 64 for p90, 130 for p95, 662 for p99 and
// 6,636 for p99.9; MLPerf asks for the same numbers.
func Samples(p float64) int {
	q := p / 100
	for n := 2; ; n++ {
		none := math.Pow(q, float64(n))
		one := float64(n) * (1 - q) * math.Pow(q, float64(n-1))
		if none+one <= doubt {
			return n
		}
	}
}
