package serving

import (
	"slices"
	"time"
)

// plateau is the share of the usual number of requests in flight that counts as steady.
const plateau = 0.9

// steady is the window in which as many requests are in flight as usual: from when it is first reached to when it is
// left for good. Ramp and drain lie outside. False when there is none to speak of.
func steady(records []record) (from, to time.Duration, ok bool) {
	type change struct {
		at time.Duration
		n  int
	}
	var changes []change
	for i := range records {
		changes = append(changes, change{records[i].sent, 1}, change{records[i].ended, -1})
	}
	slices.SortFunc(changes, func(a, b change) int { return int(a.at - b.at) })
	var held []time.Duration // how long each number in flight was held
	running := 0
	for i, c := range changes {
		running += c.n
		for len(held) <= running {
			held = append(held, 0)
		}
		if i+1 < len(changes) {
			held[running] += changes[i+1].at - c.at
		}
	}
	usual := median(held)
	running = 0
	for _, c := range changes {
		before := running
		running += c.n
		enough := func(n int) bool { return float64(n) >= plateau*float64(usual) }
		if !ok && enough(running) {
			from, ok = c.at, true
		}
		if enough(before) && !enough(running) {
			to = c.at
		}
	}
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

// steadyReport adds the window and the throughput in it, by the tokens that arrived then.
func (s *summary) steadyReport(m map[string]float64) {
	from, to, ok := steady(s.records)
	if !ok || s.completed == 0 {
		return
	}
	tokens := 0.0
	for i := range s.records {
		r := &s.records[i]
		if r.failure != nil || len(r.answer.events) == 0 {
			continue
		}
		each := float64(r.out) / float64(len(r.answer.events))
		for _, at := range r.answer.events {
			if at >= from && at <= to {
				tokens += each
			}
		}
	}
	m["steady_s"] = (to - from).Seconds()
	m["steady_output_throughput"] = tokens / (to - from).Seconds()
}
