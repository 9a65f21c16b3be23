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
	Latency *series.Trend // seconds from due to the end, whether or not it succeeded
	Lasted  time.Duration // from the first due to the last
	First   time.Duration // the median latency of the first requests

	n        int
	inFlight *series.Trend // when each was due, itself among them
	waiting  int           // the last one of them
	done     int           // that ended before the last one was due
}

// NewQueue takes when requests were due and when they ended, on one clock. It changes neither.
func NewQueue(due, ended []time.Duration) *Queue {
	order := make([]int, len(due))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(due[a], due[b]) })
	ends := slices.Sorted(slices.Values(ended))
	next := func() time.Duration {
		at := ends[0]
		ends = ends[1:]
		return at
	}
	return QueueOf(len(due), next, func(f func(due, ended time.Duration)) {
		for _, i := range order {
			f(due[i], ended[i])
		}
	})
}

// QueueOf is NewQueue of n requests that need not be in memory. next is when the next one of them ended, in ascending order, and is called n
// times at most; each calls a function once for each in the order in which they were due.
func QueueOf(n int, next func() time.Duration, each func(f func(due, ended time.Duration))) *Queue {
	q := &Queue{n: n, Latency: series.NewTrend(n), inFlight: series.NewTrend(n)}
	var from, end time.Duration
	if n > 0 {
		end = next()
	}
	first, k := make([]float64, 0, (q.n+shareOfFirst-1)/shareOfFirst), 0
	each(func(due, ended time.Duration) {
		for q.done < n && end <= due {
			if q.done++; q.done < n {
				end = next()
			}
		}
		if k++; k == 1 {
			from = due
		}
		latency := (ended - due).Seconds()
		if len(first) < cap(first) {
			first = append(first, latency)
		}
		q.Latency.Add(latency)
		q.waiting, q.Lasted = k-q.done, due-from
		q.inFlight.Add(float64(q.waiting))
	})
	if q.n > 0 {
		slices.Sort(first)
		q.First = time.Duration(Percentile(first, 50) * float64(time.Second))
	}
	return q
}

// Short reports whether the load was over before it could show much.
func (q *Queue) Short() bool { return q.Lasted < leastTurns*q.First }

// Grows says how the queue grew; empty when it did not, surely, by that share of the requests and of the time in which they came.
func (q *Queue) Grows(least float64) string {
	waiting, more := q.inFlight.Rise()
	longer, slower := q.Latency.Rise()
	n, seconds := float64(q.n), q.Lasted.Seconds()
	if q.Short() {
		least = max(least, leastBurst)
	}
	if !more || !slower || waiting < least*n || longer < least*seconds {
		return ""
	}
	return fmt.Sprintf("%.3g requests/s were due, and %.3g/s were answered: while they came, those in flight grew by %.0f to %.0f, and the time that one took by %.3g s",
		(n-1)/seconds, float64(q.done)/seconds, waiting, float64(q.waiting), longer)
}

// OverloadedBy is the note on a queue that Grows.
func OverloadedBy(how string) drivers.Reason {
	return NewReason(ReasonOverloaded, "%s. Latencies are of a queue that grows as long as requests come, so they and goodput are left out; "+
		"throughput is what the server can do. Lower the rate", how)
}
