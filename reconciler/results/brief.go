package results

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Brief is a run's main metrics in one line, as the RESULT column shows them; empty without any. An error rate is there
// only when there were errors.
func Brief(metrics map[string]float64) string {
	var out []string
	for _, m := range chosen(slices.Collect(maps.Keys(metrics)), func(m Metric) bool { return m.Brief != "" }) {
		if v := metrics[m.Name]; m.Group != Errors || v > 0 {
			out = append(out, strings.Replace(m.Brief, "#", Number(v), 1))
		}
	}
	return strings.Join(out, ", ")
}

// Number prints three significant digits, and all digits of large numbers.
func Number(v float64) string {
	if math.Abs(v) >= 100 || v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
