package results

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"assay/reconciler/decide"
)

// confidence of every interval.
const confidence = 0.95

// Alpha is the largest share of comparisons of equal things that may call a difference.
const Alpha = 0.05

// Summary is the mean of repeats with its 95 % interval; Lo and Hi are infinite for fewer than two values.
type Summary struct {
	N            int
	Mean, Lo, Hi float64
}

// Summarize needs at least one value.
func Summarize(values []float64) Summary {
	s := Summary{N: len(values), Lo: math.Inf(-1), Hi: math.Inf(1)}
	mean, sd := stat.MeanStdDev(values, nil)
	s.Mean = mean
	if s.N > 1 {
		half := quantile(float64(s.N-1)) * sd / math.Sqrt(float64(s.N))
		s.Lo, s.Hi = mean-half, mean+half
	}
	return s
}

func quantile(freedom float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(1 - (1-confidence)/2)
}

// Median is the middle of some runs with the 95 % interval of the typical run, which is infinite for fewer than two
// observations.
type Median struct {
	N              int // runs
	Center, Lo, Hi float64
}

// Middle needs at least one run that has the metric.
func Middle(runs []decide.Run, metric string) Median {
	var values []float64
	for _, r := range runs {
		if v, ok := r.Metrics[metric]; ok {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	n := len(values)
	m := Median{N: n, Center: (values[(n-1)/2] + values[n/2]) / 2}
	iv := decide.Typical(runs, metric, decide.Alpha)
	m.Lo, m.Hi = min(iv.Lo, m.Center), max(iv.Hi, m.Center)
	return m
}

// Adjust corrects the p-values of tests that are read together, by Benjamini and Hochberg. When nothing differs, one of them
// is below Alpha in at most that share of cases; when much differs, few differences are lost.
func Adjust(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(p[b], p[a]) })
	out, least := make([]float64, len(p)), 1.0
	for k, i := range order { // from the largest
		least = min(least, p[i]*float64(len(p))/float64(len(p)-k))
		out[i] = least
	}
	return out
}

// MarshalJSON leaves out an infinite interval.
func (m Median) MarshalJSON() ([]byte, error) {
	out := map[string]any{"n": m.N, "median": m.Center}
	if !math.IsInf(m.Lo, 0) && !math.IsInf(m.Hi, 0) {
		out["lo"], out["hi"] = m.Lo, m.Hi
	}
	return json.Marshal(out)
}
