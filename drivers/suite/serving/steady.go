package serving

import (
	"math"
	"time"
)

// plateau is the share of the usual number of requests in flight that counts as steady.
const plateau = 0.9

// busiestSecond is the most tokens that arrived in one second, counted from the first request.
func (s *summary) busiestSecond() (most float64) {
	for _, n := range s.seconds {
		most = max(most, n)
	}
	return most
}

// tokensOfEvent are the tokens of a request that succeeded, spread evenly over its events.
func (r *record) tokensOfEvent() float64 { return float64(r.out) / float64(len(r.answer.Events)) }

// steady is the window in which about the usual number of requests is in flight: from when that is first reached to when
// it is last left. Ramp and drain lie outside. False when there is no such window.
func (c *crowd) steady() (from, to time.Duration, ok bool) {
	usual := median(c.held)
	if usual == 0 {
		return 0, 0, false
	}
	enough := int(math.Ceil(plateau * float64(usual)))
	from, to = c.first[enough], c.last[enough]
	return from, to, to > from
}

// median is the number in flight below which the run spent half of its time.
func median(held []time.Duration) int {
	var total, sum time.Duration
	for _, d := range held {
		total += d
	}
	for n, d := range held {
		if sum += d; sum >= total/2 {
			return n
		}
	}
	return 0
}

// steadyReport adds the length of a steady window and the throughput of tokens that arrived in it. Of the requests that it cuts, the events
// are read again.
func (s *summary) steadyReport(m map[string]float64, from, to time.Duration, ok bool) (err error) {
	if !ok || s.completed == 0 {
		return nil
	}
	tokens := 0.0
	s.rows.all().each(func(r *row) {
		switch first, last := r.first(), r.last(); {
		case !r.ok || last < from || first > to || err != nil:
		case first >= from && last <= to:
			tokens += float64(r.out)
		default:
			var cut record
			if cut, err = s.again(r); err != nil {
				return
			}
			for _, at := range cut.answer.Events {
				if at >= from && at <= to {
					tokens += cut.tokensOfEvent()
				}
			}
		}
	})
	m["steady_s"] = (to - from).Seconds()
	m["steady_output_throughput"] = tokens / (to - from).Seconds()
	return err
}
