package serving

import (
	"slices"
	"time"
)

// plateau is the share of the usual number of requests in flight that counts as steady.
const plateau = 0.9

// change is a request that begins (1) or ends (-1).
type change struct {
	at time.Duration
	n  int
}

// changesOf are all changes in the order of time, at the same time beginnings before ends.
func changesOf(records []record) []change {
	begins, ends := make([]time.Duration, len(records)), make([]time.Duration, len(records))
	for i := range records {
		begins[i], ends[i] = records[i].sent, records[i].ended
	}
	slices.Sort(begins)
	slices.Sort(ends)
	changes := make([]change, 0, 2*len(records))
	for len(ends) > 0 {
		if len(begins) > 0 && begins[0] <= ends[0] {
			changes, begins = append(changes, change{begins[0], 1}), begins[1:]
		} else {
			changes, ends = append(changes, change{ends[0], -1}), ends[1:]
		}
	}
	return changes
}

// mostInFlight is the largest number of requests at the same time.
func (s *summary) mostInFlight() (most int) {
	running := 0
	for _, c := range changesOf(s.records) {
		running += c.n
		most = max(most, running)
	}
	return most
}

// busiestSecond is the most tokens that arrived in one second, counted from the first request.
func (s *summary) busiestSecond() float64 {
	start := s.records[0].sent
	for i := range s.records {
		start = min(start, s.records[i].sent)
	}
	seconds := map[int]float64{}
	s.arrivals(func(at time.Duration, tokens float64) { seconds[int((at-start)/time.Second)] += tokens })
	most := 0.0
	for _, n := range seconds {
		most = max(most, n)
	}
	return most
}

// arrivals calls f for every event of every request that succeeded. The tokens of a request are spread evenly over its events.
func (s *summary) arrivals(f func(at time.Duration, tokens float64)) {
	for i := range s.records {
		r := &s.records[i]
		if r.failure != nil {
			continue
		}
		for _, at := range r.answer.Events {
			f(at, float64(r.out)/float64(len(r.answer.Events)))
		}
	}
}

// steady is the window in which about the usual number of requests is in flight: from when that is first reached to when
// it is last left. Ramp and drain lie outside. False when there is no such window.
func steady(records []record) (from, to time.Duration, ok bool) {
	changes := changesOf(records)
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

// steadyReport adds the length of a steady window and the throughput of tokens that arrived in it.
func (s *summary) steadyReport(m map[string]float64, from, to time.Duration, ok bool) {
	if !ok || s.completed == 0 {
		return
	}
	tokens := 0.0
	s.arrivals(func(at time.Duration, n float64) {
		if at >= from && at <= to {
			tokens += n
		}
	})
	m["steady_s"] = (to - from).Seconds()
	m["steady_output_throughput"] = tokens / (to - from).Seconds()
}
