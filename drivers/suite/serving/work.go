package serving

import (
	"context"
	"fmt"
	"hash/fnv"

	"assay/drivers"
	"assay/drivers/suite"
)

// The tolerances of the work's check.
const (
	maxOff         = 0.02 // of the prompts' length, before it is named
	maxCut         = 0.10 // of a prompt's length, by which the server can count less
	slackTokens    = 4    // that are always tolerated in a prompt
	minSame        = 16   // tokens of an answer that does not come twice by chance
	mostSeen       = 1e4  // such answers that are compared
	minTold        = 10   // answers that a share of them is judged by
	minChunks      = 8    // of an answer whose gaps are judged
	minAnswer      = 50.0 // ms that it takes at least
	minIdle        = 10.0 // ms that a short answer takes at least on the idle server; else its chunks come at once by themselves
	minGap         = 0.05 // ms between two chunks, on average: 20,000 a second
	maxRead        = 5.0  // ms that such an answer can have lain unread
	earlyShare     = 0.05 // of the TTFT, by which the first chunks can be early
	earlyLeastMs   = 1.0
	minUnderUsage  = 2   // chunks with text above the tokens of usage
	shareUsage     = 0.1 // the same, of the tokens
	maxOddPercent  = 1.0 // of the answers, above which what is wrong with them makes a result invalid
	mostSameShare  = 0.5 // of the answers, above which equal ones are named
	atOncePercent  = 50.0
	stopAtMostHalf = 0.5 // of the answers that reach max_tokens, with finish_reason stop
)

// asked is what a request asked for.
type asked struct {
	in, out   int // tokens; in is 0 where the manifest asks for no length
	ignoreEOS bool
	held      bool // by a constraint or a stop text, which can end it
}

func (r *runner) asked(s *sample) asked {
	in, out := r.data.lengths(s.index)
	if out == 0 {
		out = r.payload.maxTokens
	}
	return asked{in, out, r.payload.ignoreEOS, s.structured || r.payload.extra["stop"] != nil}
}

// oddities are the words of what can be wrong with one answer, each with what to do, in the order of the report. With those of
// noted a result stays valid.
var oddities = []struct {
	word, advice string
	noted        bool
}{
	{suite.ReasonWrongModel, "look at what stands between the client and the server", false},
	{suite.ReasonTooManyTokens, "the server, or what stands before it, does not keep to the bound", false},
	{suite.ReasonEOSNotIgnored, "use a server that knows ignore_eos, or write ignoreEOS: false", false},
	{suite.ReasonAnswersCut, "raise the server's context length, and read its log", false},
	{suite.ReasonWrongUsage, "do not use its count of tokens, nor a throughput that is made of it", false},
	{suite.ReasonPromptCut, "raise the server's context length, and look for a truncation of prompts", false},
	{suite.ReasonWrongFinish, "do not count with them", true},
}

// work is what the server did, against what it was asked.
type work struct {
	model         string
	varied        bool // equal answers to different prompts are odd
	prompts       int  // different ones
	n             int  // answers
	found         map[string]int
	example       map[string]string
	in, asked     int // tokens of the prompts whose length is asked
	answers       map[uint64]int
	long          int // answers among them
	stops, limits int // answers of max_tokens that end with stop, and with length
	paced, atOnce int // answers of many chunks, and those whose chunks came all at once

	text, thought, answer suite.Values // ms from the send
	early                 suite.Values // ms from the first chunk to the first text
	faults, notes         []drivers.Reason
	lengths               string // how the lengths are known
}

func (r *runner) newWork() *work {
	return &work{model: r.req.Model, found: map[string]int{}, example: map[string]string{}, answers: map[uint64]int{},
		varied: r.data.name != "choice" && r.data.name != "grammar"}
}

// checkWork compares some of the answers with the server's own tokenizer, and judges all.
func (r *runner) checkWork(ctx context.Context, sum *summary, w *work) error {
	if w.prompts = sum.rows.len(); len(r.data.entries) > 0 {
		w.prompts = min(len(r.data.entries), w.prompts)
	}
	err := r.checkTokens(ctx, sum, w)
	if r.cached != nil && suite.Mean(r.cached.fresh) < minIdle {
		w.atOnce = 0
	}
	w.judge()
	w.judgeRepeated(r.cached)
	return err
}

// odd notes something wrong with one answer.
func (w *work) odd(word, format string, args ...any) {
	if w.found[word]++; w.found[word] == 1 {
		w.example[word] = fmt.Sprintf(format, args...)
	}
}

// add takes one request that succeeded.
func (w *work) add(r *record, q asked) {
	w.n++
	w.times(r)
	if a := &r.answer; a.Model != "" && a.Model != w.model {
		w.odd(suite.ReasonWrongModel, "%q was asked, and %.80q answers", w.model, a.Model)
	}
	w.tokens(r, q)
	if r.answer.Usage {
		w.ending(r, q)
		w.prompt(r, q)
	}
	w.chunks(r)
	if r.out >= minSame && len(r.answer.Text) >= minSame && w.long < mostSeen {
		h := fnv.New64a()
		_, _ = h.Write(r.answer.Text)
		w.answers[h.Sum64()]++
		w.long++
	}
}

// times are those of the first text, of the first thought, and of the answer behind the thoughts.
func (w *work) times(r *record) {
	s := &r.answer.Said
	if s.Events == 0 {
		return
	}
	w.text.Add(suite.Millis(s.First - r.sent))
	w.early.Add(suite.Millis(s.First - r.answer.Events[0]))
	if s.Thought > 0 {
		w.thought.Add(suite.Millis(s.Thought - r.sent))
		if s.Answer > 0 {
			w.answer.Add(suite.Millis(s.Answer - r.sent))
		}
	}
}

// tokens compares max_tokens, usage and what came. A chunk with text is a token or more, and a token is a byte or more, but for
// those that have no text: each of these has a chunk of its own, or shares one.
func (w *work) tokens(r *record, q asked) {
	a := &r.answer
	said, bytes := a.Said.Events, len(a.Text)+a.Said.Hidden
	if a.Usage && a.Completion > q.out || said > q.out+1 {
		w.odd(suite.ReasonTooManyTokens, "max_tokens was %d, and %d tokens came in %d chunks with text", q.out, max(a.Completion, said), said)
	}
	shown := a.Completion
	if a.Said.Thought == 0 {
		shown -= a.Reasoned // the server keeps its thoughts to itself
	}
	switch {
	case !a.Usage:
	case shown > len(a.Events)+max(slackTokens, shown/10) && shown > bytes: // some without text share a chunk, as vLLM's do on a busy machine
		w.odd(suite.ReasonWrongUsage, "usage says %d tokens, and %d chunks with %d bytes of text came", a.Completion, len(a.Events), bytes)
	case said > a.Completion+max(minUnderUsage, int(shareUsage*float64(a.Completion))):
		w.odd(suite.ReasonWrongUsage, "usage says %d tokens, and %d chunks with text came", a.Completion, said)
	}
}

// ending compares the length with the reason for the end.
func (w *work) ending(r *record, q asked) {
	a := &r.answer
	whole := a.Completion >= q.out
	switch a.Finish {
	case "length":
		if w.limits++; a.Completion < q.out-1 {
			w.odd(suite.ReasonAnswersCut, "max_tokens was %d, and finish_reason is length after %d tokens", q.out, a.Completion)
		}
	case "":
		w.odd(suite.ReasonWrongFinish, "no finish_reason was sent")
	case "stop", "tool_calls", "function_call":
		if whole && !q.held {
			w.stops++
		}
	default:
		w.odd(suite.ReasonAnswersCut, "finish_reason is %.40q after %d tokens", a.Finish, a.Completion)
	}
	if q.ignoreEOS && !q.held && !whole && a.Finish != "length" {
		w.odd(suite.ReasonEOSNotIgnored, "ignoreEOS was asked, and an answer of max_tokens %d has %d", q.out, a.Completion)
	}
}

func (w *work) prompt(r *record, q asked) {
	if q.in == 0 {
		return
	}
	w.in, w.asked = w.in+r.in, w.asked+q.in
	if float64(r.in) < (1-maxCut)*float64(q.in)-slackTokens {
		w.odd(suite.ReasonPromptCut, "a prompt of %d tokens was sent, and the server counts %d", q.in, r.in)
	}
}

// chunks sees whether the chunks of an answer that took its time came all at once. One that lay unread says nothing.
func (w *work) chunks(r *record) {
	s := &r.answer.Said
	if s.Events < minChunks || r.e2el < minAnswer || suite.Millis(r.behind) > maxRead {
		return
	}
	if w.paced++; suite.Millis(s.Last-s.First)/float64(s.Events-1) < minGap {
		w.atOnce++
	}
}

// judge makes faults and notes of what was found.
func (w *work) judge() {
	for _, o := range oddities {
		n := w.found[o.word]
		if n == 0 {
			continue
		}
		reason := suite.NewReason(o.word, "%d of %d answers: %s; %s", n, w.n, w.example[o.word], o.advice)
		if o.noted || percent(n, w.n) <= maxOddPercent {
			w.notes = append(w.notes, reason)
		} else {
			w.faults = append(w.faults, reason)
		}
	}
	note := func(word, format string, args ...any) {
		w.notes = append(w.notes, suite.NewReason(word, format, args...))
	}
	if w.paced >= minTold && percent(w.atOnce, w.paced) > atOncePercent {
		w.faults = append(w.faults, suite.NewReason(suite.ReasonBuffered, "the chunks of %d of %d answers came all at once: something holds them back, and TTFT, TPOT and ITL are not the server's; switch off buffering in the proxy", w.atOnce, w.paced))
	}
	if off := float64(w.in-w.asked) / float64(max(1, w.asked)); off > maxOff || off < -maxOff {
		note(suite.ReasonPromptLength, "the prompts have %+.1f%% of the tokens that were asked for (%d for %d): read input_tokens", 100*off, w.in, w.asked)
	}
	expected := float64(min(w.long, w.prompts))
	if w.varied && w.long >= minTold && float64(len(w.answers)) < mostSameShare*expected {
		note(suite.ReasonSameAnswers, "%d answers to %d different prompts are %d different texts: look for a cache of answers, or a broken model", w.long, w.prompts, len(w.answers))
	}
	if at := w.stops + w.limits; w.found[suite.ReasonWrongFinish] == 0 && w.stops >= minTold && float64(w.stops) > stopAtMostHalf*float64(at) {
		note(suite.ReasonWrongFinish, "%d of %d answers of max_tokens end with finish_reason stop: do not count with them", w.stops, at)
	}
	if w.early.Len() > 0 {
		if first, early := w.text.Mean(), w.early.Mean(); early > max(earlyLeastMs, earlyShare*first) {
			note(suite.ReasonEmptyFirst, "the first chunks are empty and come %.1f ms before the first text (mean): ttft is vLLM's definition, ttft_text is of the text", early)
		}
	}
}

// report adds the times to the first text, and of a reasoning model to its first thought and its first answer.
func (w *work) report(m map[string]float64) {
	w.text.Report(m, "ttft_text")
	w.thought.Report(m, "ttft_thought")
	w.answer.Report(m, "ttft_answer")
}
