package serving

import (
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

// kept is what an open loop was to the server.
type kept struct {
	overloaded string // why it is; empty: it kept up, or nothing shows
	from       int    // the first stage that was overloaded, from 0, of a staged run
	unsettled  string // why nothing can be said
	start, end time.Duration
	steady     bool // start to end is the steady window
}

// judgeLoad adds the steady window, takes out of the metrics what says nothing of an overloaded server, and returns the notes.
func (s *summary) judgeLoad(m map[string]float64, v *v1alpha1.Serving, open bool) ([]drivers.Reason, error) {
	s.kept = s.load(v, open)
	err := s.steadyReport(m, s.kept.start, s.kept.end, s.kept.steady)
	notes := s.kept.report(m)
	if note, ok := s.without.Note(); ok && s.kept.overloaded == "" {
		notes = append(notes, note)
	}
	return notes, err
}

// load finds out whether the server kept up with an open loop: see the package doc. A closed loop never sends more than
// the server answers, so it is never overloaded, and has the window of steady.
func (s *summary) load(v *v1alpha1.Serving, open bool) (l kept) {
	rows := s.rows
	if !open {
		l.start, l.end, l.steady = s.crowd().steady()
		return l
	}
	if len(v.Stages) > 0 {
		at := 0
		for k, stage := range v.Stages {
			why := slice{rows, at, at + stage.Prompts}.grows(suite.LeastRise)
			at += stage.Prompts
			if why != "" {
				return kept{overloaded: fmt.Sprintf("stage %d: %s", k+1, why), from: k}
			}
		}
		return l
	}
	if v.RampUp != nil || v.Dataset == "timed-trace" { // where the load ends, it is judged
		return kept{overloaded: slice{rows, 2 * rows.len() / 3, rows.len()}.grows(suite.LeastRamp)}
	}
	due := rows.all().timeline(byDue, rows.due)
	q := due.queue()
	if l.overloaded = q.Grows(suite.LeastRise); l.overloaded != "" || rows.len() < series.TrendSamples {
		return l
	}
	if q.Short() {
		l.unsettled = fmt.Sprintf("all requests were sent within %.3g s, and the first ones took %.3g s: the number in flight never settled, so latencies are of a server "+
			"that was still filling; send %d requests or more", q.Lasted.Seconds(), q.First.Seconds(), int(float64(rows.len())*10*q.First.Seconds()/max(q.Lasted.Seconds(), 1e-9)))
		return l
	}
	l.start = due.row(q.Latency.WarmUp()).due // a row is valid until another one is read
	l.end = due.row(rows.len() - 1).due
	l.steady = l.end > l.start
	return l
}

// grows says how the queue of some of the requests grew.
func (s slice) grows(least float64) string {
	t := s.timeline(byDue, s.due)
	defer t.close()
	return t.queue().Grows(least)
}

func byDue(r *row) time.Duration { return r.due }

// report takes out of the metrics what says nothing of an overloaded server, and returns the notes.
func (l kept) report(m map[string]float64) (notes []drivers.Reason) {
	switch {
	case l.overloaded != "":
		maps.DeleteFunc(m, func(name string, _ float64) bool { return l.ofQueue(name) })
		notes = append(notes, suite.OverloadedBy(l.overloaded))
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
