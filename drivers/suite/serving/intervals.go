package serving

import (
	"cmp"
	"slices"
	"time"

	"assay/drivers/suite"
)

// intervals adds the 95 % intervals of the latencies that each request has one of.
func (s *summary) intervals(m map[string]float64) {
	var ttft, e2el, tpot, inFlight, ofTPOT []float64
	s.inOrder(func(r *record, others int) {
		if r.failure != nil {
			return
		}
		ttft, e2el, inFlight = append(ttft, r.ttft), append(e2el, r.e2el), append(inFlight, float64(others+1))
		if r.out > 1 {
			tpot, ofTPOT = append(tpot, r.tpot), append(ofTPOT, float64(others+1))
		}
	})
	s.without = append(s.without, suite.Intervals(m, "ttft", ttft, inFlight)...)
	s.without = append(s.without, suite.Intervals(m, "e2el", e2el, inFlight)...)
	s.without = append(s.without, suite.Intervals(m, "tpot", tpot, ofTPOT)...)
}

// inOrder calls f for every request in the order in which they were sent, with how many others were in flight then.
func (s *summary) inOrder(f func(r *record, others int)) {
	order, ends := make([]*record, len(s.records)), make([]time.Duration, len(s.records))
	for i := range s.records {
		order[i], ends[i] = &s.records[i], s.records[i].ended
	}
	slices.SortStableFunc(order, func(a, b *record) int { return cmp.Compare(a.sent, b.sent) })
	slices.Sort(ends)
	done := 0
	for i, r := range order {
		for done < i && ends[done] <= r.sent {
			done++
		}
		f(r, i-done)
	}
}
