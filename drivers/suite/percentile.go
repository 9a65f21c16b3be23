package suite

import (
	"fmt"
	"math"
	"slices"
	"time"

	"assay/drivers"
)

// Percentile is the p-th percentile (0..100) of ascending values, interpolated linearly between neighbours as numpy
// does by default. It panics when there are no values.
func Percentile(sorted []float64, p float64) float64 {
	at := p / 100 * float64(len(sorted)-1)
	i := int(math.Floor(at))
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Mean is the arithmetic mean; 0 without values.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// Std is the population's standard deviation; 0 without values.
func Std(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	mean, sum := Mean(values), 0.0
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(values)))
}

// Tails are the percentiles that a distribution reports besides the median.
var Tails = []float64{90, 95, 99}

// MinSamples is how many samples the p-th percentile needs: so many that one is expected beyond it.
func MinSamples(p float64) int { return int(math.Ceil(100/(100-p) - 1e-9)) }

// Ascending are the values in ascending order: themselves when they are, else a copy.
func Ascending(values []float64) []float64 {
	if slices.IsSorted(values) {
		return values
	}
	return slices.Sorted(slices.Values(values))
}

// Distribution adds name_{mean,median,std,p90,p95,p99}_ms of values in milliseconds. Without values it adds nothing,
// and it leaves out the tails for which there are too few.
func Distribution(metrics map[string]float64, name string, ms []float64) {
	if len(ms) == 0 {
		return
	}
	sorted := Ascending(ms)
	metrics[name+"_mean_ms"] = Mean(sorted)
	metrics[name+"_median_ms"] = Percentile(sorted, 50)
	metrics[name+"_std_ms"] = Std(sorted)
	for _, p := range Tails {
		if len(sorted) >= MinSamples(p) {
			metrics[fmt.Sprintf("%s_p%g_ms", name, p)] = Percentile(sorted, p)
		}
	}
}

// Intervals adds the 95 % confidence intervals of the median and of those tails that Distribution reports, as
// name_p99_ms_lo and _hi: from order statistics, so nothing is assumed of the distribution. It takes values of independent
// things, such as requests; gaps between the tokens of one request are not.
func Intervals(metrics map[string]float64, name string, ms []float64) {
	sorted := slices.Sorted(slices.Values(ms))
	for key, p := range map[string]float64{"median": 50, "p90": 90, "p95": 95, "p99": 99} {
		metric := fmt.Sprintf("%s_%s_ms", name, key)
		if _, reported := metrics[metric]; !reported {
			continue
		}
		n, q := float64(len(sorted)), p/100
		half := 1.96 * math.Sqrt(n*q*(1-q))
		lo, hi := int(math.Floor(n*q-half))-1, int(math.Ceil(n*q+half))
		if lo < 0 || hi >= len(sorted) {
			continue // there are too few values for an end of it
		}
		metrics[metric+"_lo"], metrics[metric+"_hi"] = sorted[lo], sorted[hi]
	}
}

// TooFewSamples is the note that percentiles were left out of n samples; false when none was.
func TooFewSamples(what string, n int) (drivers.Reason, bool) {
	last := Tails[len(Tails)-1]
	if n == 0 || n >= MinSamples(last) {
		return drivers.Reason{}, false
	}
	return NewReason(ReasonTooFewSamples, "%d %s are too few for every percentile, so some were left out; p%g needs %d",
		n, what, last, MinSamples(last)), true
}

// Millis is d in milliseconds.
func Millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
