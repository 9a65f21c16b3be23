package serving

import "time"

// plateau is the share of the usual number of requests in flight that counts as steady.
const plateau = 0.9

// mostInFlight is the largest number of requests at the same time.
func (s *summary) mostInFlight() (most int) {
	running := 0
	s.line().changes(func(_ time.Duration, n int) {
		running += n
		most = max(most, running)
	})
	return most
}

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
func (t *timeline) steady() (from, to time.Duration, ok bool) {
	var held []time.Duration // how long each number in flight was held
	running, since := 0, time.Duration(0)
	t.changes(func(at time.Duration, n int) {
		if len(held) > 0 {
			held[running] += at - since
		}
		running, since = running+n, at
		for len(held) <= running {
			held = append(held, 0)
		}
	})
	usual := median(held)
	running = 0
	enough := func(n int) bool { return float64(n) >= plateau*float64(usual) }
	t.changes(func(at time.Duration, n int) {
		before := running
		running += n
		if !ok && enough(running) {
			from, ok = at, true
		}
		if enough(before) && !enough(running) {
			to = at
		}
	})
	return from, to, ok && to > from && usual > 0
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
