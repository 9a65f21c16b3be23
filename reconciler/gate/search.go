package gate

import (
	"fmt"

	"assay/reconciler/results"
)

// bracketed compares the interval in which a search says that a capacity lies, or how much it changed, with a bound from above
// (sign 1) or below (-1).
func bracketed(what string, s results.Summary, limit, sign float64, unit string) (verdict, reason string) {
	worst, best, word := s.Hi, s.Lo, "max"
	if sign < 0 {
		worst, best, word = s.Lo, s.Hi, "min"
	}
	reason = fmt.Sprintf("%s between %s and %s, by %d runs, %s %s", what, number(s.Lo, ""), number(s.Hi, unit), s.N, word, number(limit, unit))
	switch {
	case sign*(worst-limit) <= 0:
		return Go, reason
	case sign*(best-limit) >= 0:
		return NoGo, reason
	}
	return Inconclusive, reason + ": the bound lies between the two; narrow search.precision"
}
