package results

import (
	"fmt"
	"strings"

	"assay/api/v1alpha1"
)

// Named is the metric that a manifest means before there is any result: ttft.p99 is ttft_p99_ms. One that the catalogue lacks
// is returned under the name that was asked for.
func Named(name string) Metric {
	flat := strings.ReplaceAll(name, ".", "_")
	if m, ok := Lookup(flat); ok {
		return m
	}
	for _, all := range endings {
		for _, ending := range all {
			if m, ok := Lookup(flat + ending); ok {
				return m
			}
		}
	}
	return Describe(flat)
}

// InUnit is a bound in the unit of what it bounds. A time can only bound a metric in ms or s.
func InUnit(b v1alpha1.Bound, unit string) (float64, error) {
	switch {
	case b.Time == 0:
		return b.Number, nil
	case unit == "ms":
		return float64(b.Time.Std().Microseconds()) / 1000, nil
	case unit == "s":
		return b.Time.Std().Seconds(), nil
	}
	return 0, fmt.Errorf("the bound is the time %s, but the metric is not a time", b)
}
