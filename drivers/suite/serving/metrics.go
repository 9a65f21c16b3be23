package serving

import (
	"time"

	"assay/drivers"
	"assay/drivers/suite"
)

// record is one request with its score, and with vLLM's latencies in milliseconds when it succeeded.
type record struct {
	sample
	verdict    verdict // of completed requests
	ttft, e2el float64
	tpot       float64 // 0 with one token
	in, out    int     // tokens
}

func newRecord(s sample) record {
	r := record{sample: s}
	if s.failure != nil {
		return r
	}
	ev := s.answer.Events
	r.ttft, r.e2el = suite.Millis(ev[0]-s.sent), suite.Millis(ev[len(ev)-1]-s.sent)
	r.in, r.out = s.answer.Prompt, s.answer.Completion
	if !s.answer.Usage {
		r.out = 1 // as vLLM does; such a result is not valid
	}
	if r.out > 1 {
		r.tpot = (r.e2el - r.ttft) / float64(r.out-1)
	}
	return r
}

// gaps calls f for the time between two events, in ms, of a request that succeeded.
func (r *record) gaps(f func(ms float64)) {
	if r.failure != nil {
		return
	}
	for i := 1; i < len(r.answer.Events); i++ {
		f(suite.Millis(r.answer.Events[i] - r.answer.Events[i-1]))
	}
}

// summary is everything that the two result files report.
type summary struct {
	records   []record
	duration  time.Duration // from the first dispatch to the last completion
	completed int
	in, out   int
	chunks    int
	noUsage   int
	failures  suite.Tally
	late      []float64 // ms, every request that was sent
	behind    []float64 // ms, every request: see outcome
	blur      []float64 // ms, every request: see outcome
	connects  []float64 // ms, of the connections that were opened for a request
	held      []float64 // ms between the schedule and a free slot
	ttft      []float64
	tpot      []float64
	itl       []float64
	e2el      []float64

	ttftDue, e2elDue []float64 // from when the request was due
	free             bool      // the answers are not scored

	kept    kept          // what it was to the server
	without suite.Without // metrics that have no interval
}

func summarise(records []record) summary { return summariseFrom(nil, records) }

// summariseFrom sums up the records of a book, which has room for what there is of every token.
func summariseFrom(b *book, records []record) summary {
	s := summary{records: records, itl: gapsOf(b, records)}
	for _, list := range []*[]float64{&s.late, &s.held, &s.behind, &s.blur, &s.ttft, &s.tpot, &s.e2el, &s.ttftDue, &s.e2elDue} {
		*list = b.floats(len(records))
	}
	var last time.Duration
	first := records[0].sent
	for i := range records {
		r := &records[i]
		first, last = min(first, r.sent), max(last, r.ended)
		s.late = append(s.late, suite.Millis(r.lateness()))
		s.held = append(s.held, suite.Millis(r.free-r.due))
		s.behind = append(s.behind, suite.Millis(r.behind))
		s.blur = append(s.blur, suite.Millis(r.blur))
		if r.connect > 0 {
			s.connects = append(s.connects, suite.Millis(r.connect))
		}
		if r.failure != nil {
			s.failures.Add(r.failure)
			continue
		}
		s.completed++
		s.in, s.out, s.chunks = s.in+r.in, s.out+r.out, s.chunks+len(r.answer.Events)
		if !r.answer.Usage {
			s.noUsage++
		}
		behind := suite.Millis(r.sent - r.due)
		s.ttftDue, s.e2elDue = append(s.ttftDue, r.ttft+behind), append(s.e2elDue, r.e2el+behind)
		s.ttft, s.e2el = append(s.ttft, r.ttft), append(s.e2el, r.e2el)
		if r.out > 1 {
			s.tpot = append(s.tpot, r.tpot)
		}
	}
	s.duration = last - first
	return s
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(whole) }

// metrics are the flat numbers of result.json.
func (s *summary) metrics(openLoop bool) map[string]float64 {
	n := len(s.records)
	m := map[string]float64{
		"completed": float64(s.completed), "failed": float64(n - s.completed), "error_rate_percent": percent(n-s.completed, n),
		"duration_s": s.duration.Seconds(), "input_tokens": float64(s.in), "output_tokens": float64(s.out),
	}
	s.failures.Report(m)
	suite.Distribution(m, "send_lateness", s.late)
	suite.Distribution(m, "read_delay", s.behind)
	m["connections_opened"] = float64(len(s.connects)) // while the clock ran
	suite.Distribution(m, "connect", s.connects)
	if openLoop {
		suite.Distribution(m, "slot_wait", s.held)
	}
	if s.completed == 0 {
		return m
	}
	if d := s.duration.Seconds(); d > 0 {
		m["request_throughput"] = float64(s.completed) / d
		m["output_throughput"] = float64(s.out) / d
		m["total_token_throughput"] = float64(s.in+s.out) / d
	}
	m["tokens_per_chunk"] = float64(s.out) / float64(s.chunks)
	if s.coalesced() {
		suite.Distribution(m, "itl_token", s.gapsOfTokens())
	}
	suite.Distribution(m, "ttft", s.ttft)
	suite.Distribution(m, "tpot", s.tpot)
	suite.Distribution(m, "itl", s.itl)
	suite.Distribution(m, "e2el", s.e2el)
	if openLoop {
		suite.Distribution(m, "ttft_intended", s.ttftDue)
		suite.Distribution(m, "e2el_intended", s.e2elDue)
	}
	s.intervals(m)
	s.scores(m, true, "")
	s.scores(m, false, "unconstrained_")
	return m
}

// scores adds the shares of the three verdicts among completed requests with, or without, a constraint.
func (s *summary) scores(m map[string]float64, structured bool, prefix string) {
	if s.free {
		return
	}
	count, n := map[verdict]int{}, 0
	for i := range s.records {
		if r := &s.records[i]; r.failure == nil && r.structured == structured {
			count[r.verdict]++
			n++
		}
	}
	if n == 0 {
		return
	}
	m[prefix+"completed_scored"] = float64(n)
	m[prefix+"correct_rate_percent"] = percent(count[compliant], n)
	m[prefix+"truncated_rate_percent"] = percent(count[truncated], n)
	m[prefix+"violated_rate_percent"] = percent(count[violated], n)
}

// coalesced reports whether chunks hold several tokens each.
func (s *summary) coalesced() bool {
	return s.noUsage == 0 && float64(s.out) > maxCoalesced*float64(s.chunks)
}

// gapsOfTokens are the gaps between chunks, each divided by the tokens that a chunk of its request holds on average.
func (s *summary) gapsOfTokens() (out []float64) {
	for i := range s.records {
		r := &s.records[i]
		r.gaps(func(gap float64) { out = append(out, gap*float64(len(r.answer.Events))/float64(max(1, r.out))) })
	}
	return out
}

// maxCoalesced is how many tokens a chunk can hold on average before ITL must be read with care.
const maxCoalesced = 1.05

// maxErrorPercent is the share of failed requests above which a result is not valid.
const maxErrorPercent = 1.0

// reasons lists the faults, for which the result is not valid, and the notes.
func (s *summary) reasons() (faults, notes []drivers.Reason) {
	fault := func(reason, format string, args ...any) {
		faults = append(faults, suite.NewReason(reason, format, args...))
	}
	n := len(s.records)
	if s.completed == 0 {
		fault(suite.ReasonNothingCompleted, "none of %d requests succeeded: %s", n, &s.failures)
		return append(faults, s.failures.Oversized()...), nil
	}
	faults = append(faults, s.failures.Oversized()...)
	if rate := percent(n-s.completed, n); rate > maxErrorPercent {
		fault(suite.ReasonErrorRate, "%d of %d requests failed (%.1f%%, at most %g%% is tolerated): %s", n-s.completed, n, rate, maxErrorPercent, &s.failures)
	}
	if s.noUsage > 0 {
		fault(suite.ReasonNoUsage, "%d of %d answers did not say how many tokens they hold, so tokens are not counted; serve with usage in streamed answers", s.noUsage, s.completed)
	}
	if s.coalesced() {
		notes = append(notes, suite.NewReason(suite.ReasonCoalesced, "the server sends %.2f tokens a chunk: itl is the gap between chunks, itl_token between tokens", float64(s.out)/float64(s.chunks)))
	}
	if note, short := suite.TooFewSamples("completed requests", s.completed); short {
		notes = append(notes, note)
	}
	return faults, notes
}
