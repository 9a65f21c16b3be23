package series

import "math"

// By how many times the spread of the batches the upper end goes further for what a run did not meet.
const (
	short  = 1.5 // in any dependent series, where the run is worth just as much as is needed
	tail   = 11  // in a queue: where it is worth so many values beyond the percentile, once more
	crowds = 4   // in a queue whose crowds last much longer than they show in the values: where it met just enough states
	longer = 2   // how many times as long that is, at least
	shows  = 1.3 // dependence of a percentile's values that is more than chance; one more, and crowds reach it for certain
)

// reach is what a run has shown of a percentile.
type reach struct {
	own    float64 // how many values are worth an independent one, at least 1
	middle float64 // the same of the median, whose dependence is known better
	state  float64 // how many are sent in one independent state of the server, at least 1
	worth  float64 // how many times as many independent values as are needed, at least 1
	met    float64 // how many times as many states as are needed, at least 1
	beyond float64 // how many independent values on the rarer side of the percentile
}

// unmet is how many times as far as the batches say the upper end of an interval lies, at least 1. Values that a crowd makes
// late also scatter more, so a run that met few crowds finds both the percentile and its spread too small: nearly all
// intervals that miss lie too low. Independent values have nothing of that, and a queue shows in the number in flight. What may be
// missing becomes less with what was seen. A tail that crowds reach depends as much as the median does, however few of them
// show it. The powers and factors are those with which the intervals of coverage_test.go cover.
func (r reach) unmet() float64 {
	queue := math.Pow(tail/r.beyond, 2) + crowds*max(0, 1-longer*r.own/r.state)*math.Pow(r.met, -2.5)
	further := 1 + (1-1/r.own)*(short*math.Pow(r.worth, -4)+(1-1/r.state)*queue)
	reached := (1 - 1/r.state) * min(1, max(0, r.own-shows))
	return further * math.Sqrt(max(1, reached*r.middle/r.own))
}
