package serving

import (
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/series"
)

// intervals adds the 95 % intervals of the latencies that each request has one of.
func (s *summary) intervals(m map[string]float64) {
	s.interval(m, "ttft", &s.ttft, func(r *row) (float64, bool) { return r.ttft, r.ok })
	s.interval(m, "e2el", &s.e2el, func(r *row) (float64, bool) { return r.e2el, r.ok })
	s.interval(m, "tpot", &s.tpot, func(r *row) (float64, bool) { return r.tpot, r.ok && r.out > 1 })
}

func (s *summary) interval(m map[string]float64, name string, values *suite.Values, of func(r *row) (float64, bool)) {
	each := func(f func(value, inFlight float64)) {
		s.line().each(func(r *row, others int) {
			if v, has := of(r); has {
				f(v, float64(others+1))
			}
		})
	}
	s.without = append(s.without, suite.IntervalsOf(m, name, series.Sequence{N: values.Len(), Rank: values.Rank, Limit: values.Limit, Each: each})...)
}

func bySent(r *row) time.Duration { return r.sent }

// line is the requests in the order in which they were sent.
func (s *summary) line() *timeline {
	if s.timeline == nil {
		s.timeline = s.rows.all().timeline(bySent)
	}
	return s.timeline
}
