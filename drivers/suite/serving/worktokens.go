package serving

import (
	"bytes"
	"context"
	"time"
	"unicode/utf8"

	"assay/drivers/suite"
)

const (
	mostCounted  = 16   // answers that are compared with the server's tokenizer
	maxOverText  = 0.5  // by which usage can differ from the tokens of the text, which need not be those that made it
	slackText    = 8    // tokens, the same
	bytesOfToken = 16.0 // that a token of a prompt has at most, on average
)

// checkTokens compares the numbers of some answers with the server's own tokenizer: of the prompts, whatever their data set, and
// of the texts. Without /tokenize a prompt is only held to the bytes that a token can have.
func (r *runner) checkTokens(ctx context.Context, sum *summary, w *work) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var some []row
	told := int(sum.rows.told)
	for step, k := max(1, told/mostCounted), 0; k < told && len(some) < mostCounted; k += step {
		some = append(some, sum.rows.countedAt(k))
	}
	counted, compared, wrong := 0, 0, 0
	for i := range some {
		rec, err := sum.again(&some[i])
		if err != nil {
			return err
		}
		if !r.checkPrompt(ctx, &rec, w) {
			continue
		}
		counted++
		same, ok := r.checkText(ctx, &rec)
		if ok {
			compared++
		}
		if ok && !same {
			wrong++
		}
	}
	if 2*wrong > compared {
		w.oddShare(suite.ReasonWrongUsage, 1, "of %d answers compared with /tokenize, %d have another number of tokens than usage says, by more than half", compared, wrong)
	}
	switch {
	case counted > 0 && !r.data.estimated:
		w.lengths = "counted by the server's /tokenize"
	case r.data.estimated:
		w.lengths = "estimated, four bytes a token: the server has no /tokenize"
	default:
		w.lengths = "the server's own word in usage: it has no /tokenize"
	}
	return nil
}

// checkPrompt reports whether the server counted the prompt.
func (r *runner) checkPrompt(ctx context.Context, rec *record, w *work) bool {
	q := r.data.request(rec.index)
	n, ok := r.count(ctx, q)
	switch {
	case !ok:
		if float64(len(q.text())) > bytesOfToken*float64(rec.in+slackTokens) {
			w.oddShare(suite.ReasonPromptCut, mostCounted, "a prompt of %d bytes was sent, and the server counts %d tokens", len(q.text()), rec.in)
		}
	case float64(rec.in) < (1-maxCut)*float64(n)-slackTokens:
		w.oddShare(suite.ReasonPromptCut, mostCounted, "a prompt has %d tokens by /tokenize, and usage says %d", n, rec.in)
	case float64(rec.in) > (1+maxCut)*float64(n)+slackTokens && !r.payload.chat: // a template can add more than /tokenize knows
		w.oddShare(suite.ReasonWrongUsage, mostCounted, "a prompt has %d tokens by /tokenize, and usage says %d", n, rec.in)
	}
	return ok
}

// checkText compares usage with the tokens of the text, and of the chunks without one. It cannot where thoughts are not kept, or
// the text holds what is no text.
func (r *runner) checkText(ctx context.Context, rec *record) (same, ok bool) {
	a := &rec.answer
	if a.Said.Hidden+a.Reasoned > 0 || len(a.Text) == 0 || bytes.ContainsRune(a.Text, utf8.RuneError) {
		return false, false
	}
	text, ok := r.countText(ctx, string(a.Text), false)
	silent := max(0, len(a.Events)-a.Said.Events)
	over := float64(a.Completion) > (1+maxOverText)*float64(text+silent)+slackText
	under := float64(text) > (1+maxOverText)*float64(a.Completion)+slackText
	return !over && !under, ok
}

// oddShare notes what a sample shows: one of so many stands for that share of the answers.
func (w *work) oddShare(word string, of int, format string, args ...any) {
	for range max(1, w.n/of) {
		w.odd(word, format, args...)
	}
}
