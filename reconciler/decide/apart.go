package decide

import (
	"math"
	"slices"
)

// median needs at least one value.
func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// toNormal makes a median deviation comparable to a standard deviation.
const toNormal = 1.4826

// farApart is how many median deviations a run lies from the median of n before it is set aside; 0: none ever is. The
// median deviation of few values is itself uncertain, so that few need more: with these numbers the interval of values without
// outliers misses in 6 % of cases at most where 5 % were asked for.
func farApart(n int) float64 {
	switch {
	case n < 4:
		return 0
	case n < 7:
		return 15
	case n < 10:
		return 10
	case n < 20:
		return 7
	}
	return 5
}

// apart are the indices of values that lie far apart from the others. At least three are left.
func apart(v []float64) (out []int) {
	limit := farApart(len(v))
	if limit == 0 {
		return nil
	}
	middle := median(v)
	from := make([]float64, len(v))
	for i, x := range v {
		from[i] = math.Abs(x - middle)
	}
	scale := toNormal * median(from)
	if scale == 0 {
		return nil // most are equal: counts, which say what they say
	}
	for i, d := range from {
		if d > limit*scale {
			out = append(out, i)
		}
	}
	if len(v)-len(out) < 3 {
		return nil
	}
	return out
}

// without are the values but for those at some indices.
func without(v []float64, at []int) []float64 {
	var out []float64
	for i, x := range v {
		if !slices.Contains(at, i) {
			out = append(out, x)
		}
	}
	return out
}

// pulledIn are values in which those that lie far apart are moved to the nearest of the others, so that a run keeps all of
// its metrics. It also says how many were moved.
func pulledIn(v []float64) ([]float64, int) {
	far := apart(v)
	if len(far) == 0 {
		return v, 0
	}
	rest, out := without(v, far), slices.Clone(v)
	for _, i := range far {
		out[i] = min(max(v[i], slices.Min(rest)), slices.Max(rest))
	}
	return out, len(far)
}
