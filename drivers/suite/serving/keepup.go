package serving

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/series"
)

const (
	leastRise    = 0.01 // of a queue that grows: a hundredth of all requests, and of the time in which they came
	leastRamp    = 0.1  // the same where the load itself changes
	leastBurst   = 0.5  // the same where the first requests took long themselves
	leastTurns   = 3    // of the first latencies, that a schedule must last to show whether the server keeps up
	shareOfFirst = 10   // one in so many requests is a first one
)

// kept is what an open loop was to the server.
type kept struct {
	overloaded string // why it is; empty: it kept up, or nothing shows
	from       int    // the first stage that was overloaded, from 0, of a staged run
	unsettled  string // why nothing can be said
	start, end time.Duration
	steady     bool // start to end is the steady window
}

// judgeLoad adds the steady window, takes out of the metrics what says nothing of an overloaded server, and returns the notes.
func (s *summary) judgeLoad(m map[string]float64, v *v1alpha1.Serving, open bool) []drivers.Reason {
	s.kept = judgeLoad(s.records, v, open)
	s.steadyReport(m, s.kept.start, s.kept.end, s.kept.steady)
	notes := s.kept.report(m)
	if note, ok := s.without.Note(); ok && s.kept.overloaded == "" {
		notes = append(notes, note)
	}
	return notes
}

// judgeLoad finds out whether the server kept up with an open loop: see the package doc. A closed loop never sends more than
// the server answers, so it is never overloaded, and has the window of steady.
func judgeLoad(records []record, v *v1alpha1.Serving, open bool) (l kept) {
	if !open {
		l.start, l.end, l.steady = steady(records)
		return l
	}
	if len(v.Stages) > 0 {
		at := 0
		for k, stage := range v.Stages {
			part := records[at : at+stage.Prompts]
			at += stage.Prompts
			if why := queueOf(part).grows(leastRise); why != "" {
				return kept{overloaded: fmt.Sprintf("stage %d: %s", k+1, why), from: k}
			}
		}
		return l
	}
	if v.RampUp != nil || v.Dataset == "timed-trace" { // where the load ends, it is judged
		return kept{overloaded: queueOf(records[2*len(records)/3:]).grows(leastRamp)}
	}
	q := queueOf(records)
	if l.overloaded = q.grows(leastRise); l.overloaded != "" || len(records) < series.TrendSamples {
		return l
	}
	if q.short() {
		l.unsettled = fmt.Sprintf("all requests were sent within %.3g s, and the first ones took %.3g s: the number in flight never settled, so latencies are of a server "+
			"that was still filling; send %d requests or more", q.lasted.Seconds(), q.first.Seconds(), int(float64(len(records))*10*q.first.Seconds()/max(q.lasted.Seconds(), 1e-9)))
		return l
	}
	l.start, l.end = q.due[series.WarmUp(q.latency)], q.due[len(q.due)-1]
	l.steady = l.end > l.start
	return l
}

// queue is an open loop as the server's queue saw it, in the order in which requests were due. What the bound on concurrency
// held back waited too.
type queue struct {
	due      []time.Duration
	latency  []float64 // seconds from due to the end, whether or not it succeeded
	inFlight []float64 // when the request was due
	lasted   time.Duration
	first    time.Duration // the median latency of the first requests
	done     int           // that ended before the last one was due
}

func queueOf(records []record) (q queue) {
	order := slices.Clone(records)
	slices.SortStableFunc(order, func(a, b record) int { return cmp.Compare(a.due, b.due) })
	var ends []time.Duration
	for i := range order {
		ends = append(ends, order[i].ended)
	}
	slices.Sort(ends)
	for i := range order {
		r := &order[i]
		for q.done < len(ends) && ends[q.done] <= r.due {
			q.done++
		}
		q.due, q.latency, q.inFlight = append(q.due, r.due), append(q.latency, (r.ended-r.due).Seconds()), append(q.inFlight, float64(i+1-q.done))
	}
	if n := len(order); n > 0 {
		q.lasted = q.due[n-1] - q.due[0]
		q.first = time.Duration(suite.Percentile(slices.Sorted(slices.Values(q.latency[:(n+shareOfFirst-1)/shareOfFirst])), 50) * float64(time.Second))
	}
	return q
}

// short reports whether the load was over before it could show anything.
func (q queue) short() bool { return q.lasted < leastTurns*q.first }

// grows says how the queue grew; empty when it surely did not by that share of the requests, and of the time.
func (q queue) grows(least float64) string {
	waiting, more := series.Rise(q.inFlight)
	longer, slower := series.Rise(q.latency)
	n, seconds := float64(len(q.due)), q.lasted.Seconds()
	if q.short() {
		least = max(least, leastBurst)
	}
	if !more || !slower || waiting < least*n || longer < least*seconds {
		return ""
	}
	return fmt.Sprintf("%.3g requests/s were due, and %.3g/s were answered: while they came, those in flight grew by %.0f to %.0f, and the time that one took by %.3g s",
		(n-1)/seconds, float64(q.done)/seconds, waiting, q.inFlight[len(q.inFlight)-1], longer)
}

// report takes out of the metrics what says nothing of an overloaded server, and returns the notes.
func (l kept) report(m map[string]float64) (notes []drivers.Reason) {
	switch {
	case l.overloaded != "":
		maps.DeleteFunc(m, func(name string, _ float64) bool { return l.ofQueue(name) })
		notes = append(notes, suite.NewReason(suite.ReasonOverloaded, "%s. Latencies are of a queue that grows as long as requests come, so they and goodput are left out; "+
			"throughput is what the server can do. Lower the rate", l.overloaded))
	case l.unsettled != "":
		notes = append(notes, suite.NewReason(suite.ReasonUnsettled, "%s", l.unsettled))
	}
	return notes
}

// ofQueue reports whether a metric depends on how long a queue has grown: latencies and goodput, and those of the stages
// before which no queue was left.
func (l kept) ofQueue(metric string) bool {
	var stage int
	if _, err := fmt.Sscanf(metric, "stage%d_", &stage); err == nil {
		return stage > l.from && !strings.HasSuffix(metric, "_failed") && !strings.HasSuffix(metric, "_throughput")
	}
	return slices.ContainsFunc([]string{"ttft_", "tpot_", "itl_", "e2el_", "goodput_rate_percent", "request_goodput"}, func(p string) bool { return strings.HasPrefix(metric, p) })
}
