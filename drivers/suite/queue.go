package suite

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"assay/drivers"
	"assay/drivers/suite/series"
)

// How much a queue grows at least for its target to be overloaded: a share of the requests, and of the time in which they came.
const (
	LeastRise  = 0.01
	LeastRamp  = 0.1 // where the load itself changes
	leastBurst = 0.5 // where the first requests took long themselves
)

const (
	leastTurns   = 3  // of the first latencies, that a load must last to show a queue that grows slowly
	shareOfFirst = 10 // one request in so many is a first one
)

// Queue is an open loop as the queue of its target saw it, in the order in which requests were due.
type Queue struct {
	Due     []time.Duration
	Latency []float64     // seconds from due to the end, whether or not it succeeded
	Lasted  time.Duration // from the first due to the last
	First   time.Duration // the median latency of the first requests

	inFlight []float64 // when each was due, itself among them
	done     int       // that ended before the last one was due
}

// NewQueue takes when requests were due and when they ended, on one clock. It changes neither.
func NewQueue(due, ended []time.Duration) *Queue {
	q, order, ends := &Queue{}, make([]int, len(due)), slices.Sorted(slices.Values(ended))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(due[a], due[b]) })
	for n, i := range order {
		for q.done < len(ends) && ends[q.done] <= due[i] {
			q.done++
		}
		q.Due, q.Latency, q.inFlight = append(q.Due, due[i]), append(q.Latency, (ended[i]-due[i]).Seconds()), append(q.inFlight, float64(n+1-q.done))
	}
	if n := len(order); n > 0 {
		q.Lasted = q.Due[n-1] - q.Due[0]
		q.First = time.Duration(Percentile(slices.Sorted(slices.Values(q.Latency[:(n+shareOfFirst-1)/shareOfFirst])), 50) * float64(time.Second))
	}
	return q
}

// Short reports whether the load was over before it could show much.
func (q *Queue) Short() bool { return q.Lasted < leastTurns*q.First }

// Grows says how the queue grew; empty when it did not, surely, by that share of the requests and of the time in which they came.
func (q *Queue) Grows(least float64) string {
	waiting, more := series.Rise(q.inFlight)
	longer, slower := series.Rise(q.Latency)
	n, seconds := float64(len(q.Due)), q.Lasted.Seconds()
	if q.Short() {
		least = max(least, leastBurst)
	}
	if !more || !slower || waiting < least*n || longer < least*seconds {
		return ""
	}
	return fmt.Sprintf("%.3g requests/s were due, and %.3g/s were answered: while they came, those in flight grew by %.0f to %.0f, and the time that one took by %.3g s",
		(n-1)/seconds, float64(q.done)/seconds, waiting, q.inFlight[len(q.inFlight)-1], longer)
}

// OverloadedBy is the note on a queue that Grows.
func OverloadedBy(how string) drivers.Reason {
	return NewReason(ReasonOverloaded, "%s. Latencies are of a queue that grows as long as requests come, so they and goodput are left out; "+
		"throughput is what the server can do. Lower the rate", how)
}
