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
	for i := range s.records {
		r := &s.records[i]
		if r.failure == nil && within(r.ttft, bounds.TTFT) && within(r.tpot, bounds.TPOT) && within(r.e2el, bounds.E2EL) {
			good++
		}
	}
	m["goodput_rate_percent"] = percent(good, len(s.records))
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
		part := summarise(s.records[from : from+stage.Prompts])
		from += stage.Prompts
		prefix := fmt.Sprintf("stage%d_", k+1)
		m[prefix+"failed"] = float64(stage.Prompts - part.completed)
		if part.duration > time.Millisecond {
			m[prefix+"request_throughput"] = float64(part.completed) / part.duration.Seconds()
		}
		suite.Distribution(m, prefix+"ttft", part.ttft)
		suite.Distribution(m, prefix+"tpot", part.tpot)
	}
}
