package suite

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
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
var Tails = []float64{90, 95, 99, 99.9}

// Ascending are the values in ascending order: themselves when they are, else a copy.
func Ascending(values []float64) []float64 {
	if slices.IsSorted(values) {
		return values
	}
	return slices.Sorted(slices.Values(values))
}

// Distribution is Values.Report of a list.
func Distribution(metrics map[string]float64, name string, ms []float64) {
	ValuesOf(ms).Report(metrics, name)
}

// noted is the highest tail that users look for in every result. One above it is left out without a word.
const noted = 99

// TooFewSamples is the note that percentiles were left out of n samples, and which; false when none that users look for was.
func TooFewSamples(what string, n int) (drivers.Reason, bool) {
	if n == 0 || n >= v1alpha1.SamplesFor(noted) {
		return drivers.Reason{}, false
	}
	var missing []string
	for _, p := range Tails {
		if need := v1alpha1.SamplesFor(p); n < need {
			missing = append(missing, fmt.Sprintf("p%g (%d)", p, need))
		}
	}
	return NewReason(ReasonTooFewSamples, "%d %s are too few for these percentiles, which were left out: %s", n, what, strings.Join(missing, ", ")), true
}

// Millis is d in milliseconds.
func Millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
