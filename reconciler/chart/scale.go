package chart

import (
	"math"
	"strconv"
	"strings"
)

// scale maps values to places on the drawing.
type scale struct {
	from, to float64 // values
	lo, hi   float64 // places
}

func (s scale) at(v float64) float64 {
	return s.lo + (min(max(v, s.from), s.to)-s.from)/(s.to-s.from)*(s.hi-s.lo)
}

// ticks are about n round values of a scale.
func (s scale) ticks(n int) (out []float64) {
	rough := (s.to - s.from) / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(rough)))
	step := 10 * unit
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*unit >= rough {
			step = m * unit
			break
		}
	}
	for i := math.Ceil(s.from/step - 1e-9); i*step <= s.to+1e-9*step; i++ {
		out = append(out, i*step)
	}
	return out
}

// Number is a value with three or four digits that count, and a k, M or G for large ones.
func Number(v float64) string {
	for _, u := range []struct {
		of   float64
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e4, "k"}} {
		if math.Abs(v) >= u.of {
			if u.name == "k" {
				u.of = 1e3
			}
			return digits(v/u.of) + u.name
		}
	}
	return digits(v)
}

func digits(v float64) string {
	if v == 0 {
		return "0" // and not -0
	}
	size := math.Abs(v)
	decimals := 0
	switch {
	case size >= 1000:
	case size >= 100:
		decimals = 1
	case size >= 1:
		decimals = 2
	default:
		decimals = min(9, 2-int(math.Floor(math.Log10(size))))
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
