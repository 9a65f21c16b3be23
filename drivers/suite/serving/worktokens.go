package serving

import (
	"context"
	"time"

	"assay/drivers/suite"
)

const (
	mostCounted  = 16   // answers that are compared with the server's tokenizer
	maxOverText  = 0.2  // by which usage can differ from the tokens of the text
	slackText    = 8    // tokens, the same
	bytesOfToken = 16.0 // that a token of a prompt has at most, on average
)

// checkTokens compares the numbers of some answers with the server's own tokenizer: of the prompts, whatever their data set, and
// of the texts. Without /tokenize a prompt is only held to the bytes that a token can have.
func (r *runner) checkTokens(ctx context.Context, records []record, w *work) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var some []*record
	for i := range records {
		if rec := &records[i]; rec.failure == nil && rec.answer.Usage {
			some = append(some, rec)
		}
	}
	step := max(1, len(some)/mostCounted)
	counted := 0
	for i := 0; i < len(some) && i/step < mostCounted; i += step {
		counted += r.checkOne(ctx, some[i], w)
	}
	switch {
	case counted > 0 && !r.data.estimated:
		w.lengths = "counted by the server's /tokenize"
	case r.data.estimated:
		w.lengths = "estimated, four bytes a token: the server has no /tokenize"
	default:
		w.lengths = "the server's own word in usage: it has no /tokenize"
	}
}

// checkOne returns 1 when the server counted the prompt.
func (r *runner) checkOne(ctx context.Context, rec *record, w *work) int {
	q := r.data.request(rec.index)
	n, ok := r.count(ctx, q)
	switch {
	case !ok:
		if float64(len(q.text())) > bytesOfToken*float64(rec.in+slackTokens) {
			w.oddSample(suite.ReasonPromptCut, "a prompt of %d bytes was sent, and the server counts %d tokens", len(q.text()), rec.in)
		}
		return 0
	case float64(rec.in) < (1-maxCut)*float64(n)-slackTokens:
		w.oddSample(suite.ReasonPromptCut, "a prompt has %d tokens by /tokenize, and usage says %d", n, rec.in)
	case float64(rec.in) > (1+maxCut)*float64(n)+slackTokens && !r.payload.chat: // a template can add more than /tokenize knows
		w.oddSample(suite.ReasonWrongUsage, "a prompt has %d tokens by /tokenize, and usage says %d", n, rec.in)
	}
	a := &rec.answer
	if a.Said.Hidden > 0 || len(a.Text) == 0 { // what it thought is not kept
		return 1
	}
	text, ok := r.countText(ctx, string(a.Text), false)
	silent := max(0, len(a.Events)-a.Said.Events)
	if ok && (float64(a.Completion) > (1+maxOverText)*float64(text+silent)+slackText || float64(text) > (1+maxOverText)*float64(a.Completion)+slackText) {
		w.oddSample(suite.ReasonWrongUsage, "an answer has %d tokens by /tokenize, and usage says %d", text, a.Completion)
	}
	return 1
}

// oddSample notes what a sample shows: it stands for a share of the answers as large as that of the sample.
func (w *work) oddSample(word, format string, args ...any) {
	for range max(1, w.n/mostCounted) {
		w.odd(word, format, args...)
	}
}
