package serving

import (
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

// goodput adds the rate of requests that kept every bound, and their share of all that were attempted: a request that
// failed kept none.
func (s *summary) goodput(m map[string]float64, bounds *v1alpha1.Goodput) {
	if bounds == nil {
		return
	}
	good := 0
	s.rows.all().each(func(r *row) {
		if r.ok && within(r.ttft, bounds.TTFT) && within(r.tpot, bounds.TPOT) && within(r.e2el, bounds.E2EL) {
			good++
		}
	})
	m["goodput_rate_percent"] = percent(good, s.rows.len())
	if d := s.duration.Seconds(); d > 0 {
		m["request_goodput"] = float64(good) / d
	}
}

func within(ms float64, bound v1alpha1.Duration) bool {
	return bound == 0 || ms <= suite.Millis(bound.Std())
}

// stages adds the main numbers of each stage of a staged run, from 1.
func (s *summary) stages(m map[string]float64, stages []v1alpha1.Stage) {
	from := 0
	for k, stage := range stages {
		var ttft, tpot suite.Values
		part := slice{s.rows, from, from + stage.Prompts}
		begin, end := s.rows.row(from).sent, time.Duration(0)
		part.each(func(r *row) {
			begin, end = min(begin, r.sent), max(end, r.ended)
			if r.ok {
				ttft.Add(r.ttft)
			}
			if r.ok && r.out > 1 {
				tpot.Add(r.tpot)
			}
		})
		from += stage.Prompts
		prefix := fmt.Sprintf("stage%d_", k+1)
		m[prefix+"failed"] = float64(stage.Prompts - ttft.Len())
		if end-begin > time.Millisecond {
			m[prefix+"request_throughput"] = float64(ttft.Len()) / (end - begin).Seconds()
		}
		ttft.Report(m, prefix+"ttft")
		tpot.Report(m, prefix+"tpot")
	}
}
