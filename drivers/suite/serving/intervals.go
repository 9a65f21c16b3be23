package serving

import (
	"time"

	"assay/drivers/suite"
)

// intervals adds the 95 % intervals of the latencies that each request has one of.
func (s *summary) intervals(m map[string]float64) {
	ttft, e2el, tpot := suite.SeriesOf(&s.ttft), suite.SeriesOf(&s.e2el), suite.SeriesOf(&s.tpot)
	s.line().each(func(r *row, others int) {
		if !r.ok {
			return
		}
		inFlight := float64(others + 1)
		ttft.Add(r.ttft, inFlight)
		e2el.Add(r.e2el, inFlight)
		if r.out > 1 {
			tpot.Add(r.tpot, inFlight)
		}
	})
	s.without = append(s.without, suite.IntervalsOf(m, "ttft", ttft)...)
	s.without = append(s.without, suite.IntervalsOf(m, "e2el", e2el)...)
	s.without = append(s.without, suite.IntervalsOf(m, "tpot", tpot)...)
}

func bySent(r *row) time.Duration { return r.sent }

// line is the requests in the order in which they were sent.
func (s *summary) line() *timeline {
	if s.timeline == nil {
		s.timeline = s.rows.all().timeline(bySent, s.rows.sent)
	}
	return s.timeline
}

// crowd is how many of them were in flight.
func (s *summary) crowd() *crowd {
	if s.inFlight == nil {
		s.inFlight = s.line().crowd()
	}
	return s.inFlight
}
