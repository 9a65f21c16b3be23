package compare

import (
	"math"
	"testing"

	"assay/reconciler/results"
)

// TestSpread: an interval, or why there is none; never an infinite one.
func TestSpread(t *testing.T) {
	inf := math.Inf(1)
	for want, m := range map[string]results.Median{
		"20 (1 run)":  {N: 1, Center: 20, Lo: -inf, Hi: inf},
		"20 (2 runs)": {N: 2, Center: 20, Lo: -inf, Hi: inf},
		"20 ± 5%":     {N: 3, Center: 20, Lo: 19, Hi: 21},
		"0 ± 0.5":     {N: 3, Center: 0, Lo: -0.5, Hi: 0.25},
	} {
		if got := Spread(m); got != want {
			t.Errorf("%+v is %q, want %q", m, got, want)
		}
	}
}
