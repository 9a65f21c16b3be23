package vector

import (
	"slices"
	"time"

	"assay/drivers/suite"
)

// grows says how the queue of an open loop grew; empty when it did not, or when the loop was closed: there each is due when it is sent.
func (p phase) grows() string {
	if !slices.ContainsFunc(p.answers, func(a asked) bool { return a.sent != a.due }) {
		return ""
	}
	due, ended := make([]time.Duration, len(p.answers)), make([]time.Duration, len(p.answers))
	for i, a := range p.answers {
		due[i], ended[i] = a.due, a.sent+a.latency
	}
	return suite.NewQueue(due, ended).Grows(suite.LeastRise)
}

// inFlight is how many queries were in flight when each was sent, itself among them.
func (p phase) inFlight() []float64 {
	starts, ends, out := make([]time.Duration, len(p.answers)), make([]time.Duration, len(p.answers)), make([]float64, len(p.answers))
	for i, a := range p.answers {
		starts[i], ends[i] = a.sent, a.sent+a.latency
	}
	slices.Sort(starts)
	slices.Sort(ends)
	for i, a := range p.answers {
		began, _ := slices.BinarySearch(starts, a.sent+1)
		ended, _ := slices.BinarySearch(ends, a.sent+1)
		out[i] = float64(max(1, began-ended))
	}
	return out
}
