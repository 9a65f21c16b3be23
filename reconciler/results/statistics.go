package results

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
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

// Change is how much the mean of now is above that of before, as a share of it, with Welch's interval.
func Change(before, now []float64) Summary {
	a, b := Summarize(before), Summarize(now)
	c := Summary{N: min(a.N, b.N), Mean: (b.Mean - a.Mean) / math.Abs(a.Mean), Lo: math.Inf(-1), Hi: math.Inf(1)}
	if c.N < 2 || a.Mean == 0 {
		return c
	}
	va, vb := stat.Variance(before, nil)/float64(a.N), stat.Variance(now, nil)/float64(b.N)
	if va+vb == 0 {
		c.Lo, c.Hi = c.Mean, c.Mean
		return c
	}
	freedom := (va + vb) * (va + vb) / (va*va/float64(a.N-1) + vb*vb/float64(b.N-1))
	half := quantile(freedom) * math.Sqrt(va+vb) / math.Abs(a.Mean)
	c.Lo, c.Hi = c.Mean-half, c.Mean+half
	return c
}

// Comparison compares two groups of repeats as benchstat does.
type Comparison struct {
	Before, Now Median
	Delta       float64  // of the medians, as a share of before's
	P           float64  // of the Mann-Whitney test
	Different   bool     // P is below Alpha, were this the only comparison: see Adjust
	Warnings    []string // such as too few repeats
}

// Median is a median with its 95 % interval from order statistics, which is infinite where there are too few values.
type Median struct {
	N              int
	Center, Lo, Hi float64
}

// Compare needs at least one value on each side.
func Compare(before, now []float64) Comparison {
	thresholds := benchmath.DefaultThresholds
	thresholds.CompareAlpha = Alpha
	a, b := benchmath.NewSample(clone(before), &thresholds), benchmath.NewSample(clone(now), &thresholds)
	c := Comparison{Before: median(a), Now: median(b)}
	test := benchmath.AssumeNothing.Compare(a, b)
	c.P, c.Different = test.P, test.P < Alpha
	for _, w := range test.Warnings {
		c.Warnings = append(c.Warnings, w.Error())
	}
	c.Delta = (c.Now.Center - c.Before.Center) / math.Abs(c.Before.Center)
	return c
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

func median(s *benchmath.Sample) Median {
	m := benchmath.AssumeNothing.Summary(s, confidence)
	return Median{N: len(s.Values), Center: m.Center, Lo: m.Lo, Hi: m.Hi}
}

func clone(v []float64) []float64 { return append([]float64(nil), v...) } // NewSample sorts in place

// MarshalJSON leaves out an infinite interval.
func (m Median) MarshalJSON() ([]byte, error) {
	out := map[string]any{"n": m.N, "median": m.Center}
	if !math.IsInf(m.Lo, 0) && !math.IsInf(m.Hi, 0) {
		out["lo"], out["hi"] = m.Lo, m.Hi
	}
	return json.Marshal(out)
}
