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
	quoted     []byte  // the text as a JSON string, while it is written
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

// summary is everything that the two result files report. Requests are added one at a time, and what is kept of each is a row.
type summary struct {
	rows      *table
	timeline  *timeline                    // of all rows
	inFlight  *crowd                       // of them; nil: not known yet
	again     func(r *row) (record, error) // reads a record once more
	from, to  time.Duration                // the first dispatch and the last completion
	duration  time.Duration                // between them
	completed int
	in, out   int
	chunks    int
	noUsage   int
	failures  suite.Tally
	late      suite.Values // ms, every request that was sent
	behind    suite.Values // ms, every request: see outcome
	blur      suite.Values // ms, every request: see outcome
	connects  suite.Values // ms, of the connections that were opened for a request
	held      suite.Values // ms between the schedule and a free slot
	ttft      suite.Values
	tpot      suite.Values
	itl       suite.Values
	e2el      suite.Values

	itlToken         *suite.Values // itl, divided by the tokens of a chunk; nil: each had one
	ttftDue, e2elDue suite.Values  // from when the request was due
	empty, used      float64       // ms in which slots had no request, and one
	start            time.Duration // of the first second
	seconds          []float64     // tokens that arrived in each
	scored           [2]scored     // free ones, and structured ones
	free             bool          // the answers are not scored

	kept    kept          // what it was to the server
	without suite.Without // metrics that have no interval
}

// scored counts verdicts.
type scored struct{ n, compliant, truncated, violated int }

// longest is how many seconds are told apart at most.
const longest = 1 << 22

// add sums up a record whose sample lies at a place of the book.
func (s *summary) add(r *record, at int64) {
	if s.rows.len() == 0 {
		s.from = r.sent
	}
	s.rows.add(r, at)
	s.from, s.to = min(s.from, r.sent), max(s.to, r.ended)
	s.duration = s.to - s.from
	late := suite.Millis(r.lateness())
	s.late.Add(late)
	s.empty, s.used = s.empty+late, s.used+suite.Millis(r.ended-r.sent)
	s.held.Add(suite.Millis(r.free - r.due))
	s.behind.Add(suite.Millis(r.behind))
	s.blur.Add(suite.Millis(r.blur))
	if r.connect > 0 {
		s.connects.Add(suite.Millis(r.connect))
	}
	if r.failure != nil {
		s.failures.Add(r.failure)
		return
	}
	s.completed++
	s.in, s.out, s.chunks = s.in+r.in, s.out+r.out, s.chunks+len(r.answer.Events)
	if !r.answer.Usage {
		s.noUsage++
	}
	behind := suite.Millis(r.sent - r.due)
	s.ttftDue.Add(r.ttft + behind)
	s.e2elDue.Add(r.e2el + behind)
	s.ttft.Add(r.ttft)
	s.e2el.Add(r.e2el)
	if r.out > 1 {
		s.tpot.Add(r.tpot)
	}
	s.score(r)
	s.events(r)
}

// events adds the gaps between the events of a request that succeeded, and the seconds in which they came.
func (s *summary) events(r *record) {
	ev := r.answer.Events
	if s.itlToken == nil && r.out != len(ev) {
		s.itlToken = s.itl.Copy()
	}
	share := float64(len(ev)) / float64(max(1, r.out))
	for i := 1; i < len(ev); i++ {
		gap := suite.Millis(ev[i] - ev[i-1])
		s.itl.Add(gap)
		if s.itlToken != nil {
			s.itlToken.Add(gap * share)
		}
	}
	each := r.tokensOfEvent()
	for _, at := range ev {
		second := max(0, min(longest, int((at-s.start)/time.Second)))
		for len(s.seconds) <= second {
			s.seconds = append(s.seconds, 0)
		}
		s.seconds[second] += each
	}
}

// score counts the verdict on a request that succeeded.
func (s *summary) score(r *record) {
	c := &s.scored[0]
	if r.structured {
		c = &s.scored[1]
	}
	c.n++
	switch r.verdict {
	case compliant:
		c.compliant++
	case truncated:
		c.truncated++
	case violated:
		c.violated++
	}
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(whole) }

// metrics are the flat numbers of result.json.
func (s *summary) metrics(openLoop bool) map[string]float64 {
	n := s.rows.len()
	m := map[string]float64{
		"completed": float64(s.completed), "failed": float64(n - s.completed), "error_rate_percent": percent(n-s.completed, n),
		"duration_s": s.duration.Seconds(), "input_tokens": float64(s.in), "output_tokens": float64(s.out),
	}
	s.failures.Report(m)
	s.late.Report(m, "send_lateness")
	s.behind.Report(m, "read_delay")
	m["connections_opened"] = float64(s.connects.Len()) // while the clock ran
	s.connects.Report(m, "connect")
	if openLoop {
		s.held.Report(m, "slot_wait")
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
		s.itlToken.Report(m, "itl_token") // where chunks hold several tokens, one has another number than its request
	}
	s.ttft.Report(m, "ttft")
	s.tpot.Report(m, "tpot")
	s.itl.Report(m, "itl")
	s.e2el.Report(m, "e2el")
	if openLoop {
		s.ttftDue.Report(m, "ttft_intended")
		s.e2elDue.Report(m, "e2el_intended")
	}
	s.intervals(m)
	s.scores(m, s.scored[1], "")
	s.scores(m, s.scored[0], "unconstrained_")
	return m
}

// scores adds the shares of the three verdicts among completed requests with, or without, a constraint.
func (s *summary) scores(m map[string]float64, of scored, prefix string) {
	if s.free || of.n == 0 {
		return
	}
	m[prefix+"completed_scored"] = float64(of.n)
	m[prefix+"correct_rate_percent"] = percent(of.compliant, of.n)
	m[prefix+"truncated_rate_percent"] = percent(of.truncated, of.n)
	m[prefix+"violated_rate_percent"] = percent(of.violated, of.n)
}

// coalesced reports whether chunks hold several tokens each.
func (s *summary) coalesced() bool {
	return s.noUsage == 0 && float64(s.out) > maxCoalesced*float64(s.chunks)
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
	n := s.rows.len()
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
