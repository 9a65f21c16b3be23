package serving

import (
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
)

// busyHost: the machine of the test was too busy.
func busyHost(r drivers.Reason) bool {
	return r.Reason == suite.ReasonClientLate || r.Reason == suite.ReasonClientBusy
}

// shorten leaves eight tokens.
func (a *answering) shorten(finish string) {
	if len(a.tokens) > 8 {
		a.tokens, a.completion, a.finish = a.tokens[:8], 8, finish
	}
}

// misbehaving are servers that do other work than they are asked for, with the word that must name it.
var misbehaving = map[string]struct {
	word   string
	change func(*v1alpha1.Serving)
	lie    func(n int, q asking, a *answering)
}{
	"four times max_tokens": {suite.ReasonTooManyTokens, nil, func(_ int, _ asking, a *answering) {
		a.tokens = slices.Repeat(a.tokens, 4)
		a.completion *= 4
	}},
	"four times max_tokens, usage as asked": {suite.ReasonTooManyTokens, nil, func(_ int, _ asking, a *answering) { a.tokens = slices.Repeat(a.tokens, 4) }},
	"it ends although ignoreEOS": {suite.ReasonEOSNotIgnored, nil, func(_ int, _ asking, a *answering) {
		a.shorten("stop")
	}},
	"usage says ten times as much": {suite.ReasonWrongUsage, nil, func(_ int, _ asking, a *answering) { a.completion *= 10 }},
	"usage says a half":            {suite.ReasonWrongUsage, nil, func(_ int, _ asking, a *answering) { a.completion = max(1, a.completion/2) }},
	"prompts are cut":              {suite.ReasonPromptCut, nil, func(_ int, _ asking, a *answering) { a.prompt = min(a.prompt, 32) }},
	"long prompts are cut": {suite.ReasonPromptCut, func(v *v1alpha1.Serving) { v.InputTokens = 600 },
		func(_ int, _ asking, a *answering) { a.prompt = min(a.prompt, 512) }},
	"another model answers": {suite.ReasonWrongModel, nil, func(_ int, _ asking, a *answering) { a.model = "org/smaller" }},
	"one answer for all": {suite.ReasonSameAnswers, nil, func(_ int, _ asking, a *answering) {
		a.tokens = slices.Repeat([]string{" cached"}, len(a.tokens))
	}},
	"repeated prompts are answered from a cache": {suite.ReasonCachedPrompts, nil, func(_ int, q asking, a *answering) {
		if q.again {
			a.ttft = 0
		} else if strings.HasPrefix(q.Prompt, "[warm-up ") { // far from what a busy machine adds
			a.ttft = 400 * time.Millisecond
		}
	}},
	"a proxy holds the answer back": {suite.ReasonBuffered, nil, func(_ int, _ asking, a *answering) { a.buffered = true }},
	"an empty first chunk":          {suite.ReasonEmptyFirst, nil, func(_ int, _ asking, a *answering) { a.hasty = true }},
	"answers are cut": {suite.ReasonAnswersCut, func(v *v1alpha1.Serving) { v.IgnoreEOS = nil }, func(_ int, _ asking, a *answering) {
		a.shorten("length")
	}},
	"chunks are lost": {suite.ReasonWrongUsage, nil, func(_ int, _ asking, a *answering) {
		a.tokens, a.every = slices.Repeat([]string{"a"}, len(a.tokens)), 4
	}},
	"text is lost, by the tokenizer": {suite.ReasonWrongUsage, nil, func(_ int, _ asking, a *answering) { a.every = 4 }},
	"no usage":                       {suite.ReasonNoUsage, nil, func(_ int, _ asking, a *answering) { a.noUsage = true }},
	"stop for length":                {suite.ReasonWrongFinish, nil, func(_ int, _ asking, a *answering) { a.finish = "stop" }},
	"no finish reason":               {suite.ReasonWrongFinish, nil, func(_ int, _ asking, a *answering) { a.finish = "" }},
	"the engine gave it up":          {suite.ReasonAnswersCut, nil, func(_ int, _ asking, a *answering) { a.finish = "abort" }},
	"one in thirty is short": {suite.ReasonEOSNotIgnored, nil, func(n int, _ asking, a *answering) {
		if n%30 == 7 {
			a.shorten("stop")
		}
	}},
}

// notes are the words with which a result stays valid.
var notes = []string{suite.ReasonSameAnswers, suite.ReasonCachedPrompts, suite.ReasonEmptyFirst, suite.ReasonWrongFinish}

// TestMisbehaving: work that is not what was asked never comes out without the word for it, with and without /tokenize.
func TestMisbehaving(t *testing.T) {
	for name, test := range misbehaving {
		for _, tokenizer := range []bool{true, false} {
			if !tokenizer && strings.Contains(name, "by the tokenizer") {
				continue // it is Coalesced, and so has a word
			}
			t.Run(name, func(t *testing.T) {
				h := &honest{lie: test.lie, tokenizer: tokenizer, ttft: 20 * time.Millisecond, itl: 2 * time.Millisecond}
				res, _, err := measure(t, free(test.change), serveHandler(t, h))
				if err != nil {
					t.Fatal(err)
				}
				if got := reasons(res); !slices.Contains(got, test.word) {
					t.Errorf("tokenizer %v: valid %v, without the word %s: %v", tokenizer, res.Valid, test.word, res.Reasons)
				}
				if valid := slices.Contains(notes, test.word); res.Valid != valid && !slices.ContainsFunc(res.Reasons, busyHost) {
					t.Errorf("tokenizer %v: valid %v, want %v: %v", tokenizer, res.Valid, valid, res.Reasons)
				}
			})
		}
	}
}

// TestRepeated: the rule for a repeated prompt, on times.
func TestRepeated(t *testing.T) {
	for name, test := range map[string]struct {
		fresh, again []float64
		want         bool
	}{
		"faster":                {[]float64{50, 52, 51, 49, 55}, []float64{40, 41, 39, 42, 40}, true},
		"faster, one disturbed": {[]float64{50, 52, 51, 49, 55}, []float64{40, 41, 50, 42, 40}, false},
		"faster, one pair":      {[]float64{50, 52, 51, 41, 55}, []float64{40, 41, 39, 40, 40}, true},
		"the same":              {[]float64{50, 52, 51, 49, 55}, []float64{50, 51, 53, 48, 52}, false},
		"faster by 8 %":         {[]float64{50, 52, 51, 50, 55}, []float64{46, 47, 46, 47, 47}, false},
		"too fast to tell":      {[]float64{0.9, 0.9, 0.9, 0.9, 0.9}, []float64{0.5, 0.5, 0.5, 0.5, 0.5}, false},
	} {
		w := &work{}
		if w.judgeRepeated(&repeated{test.fresh, test.again}); (len(w.notes) == 1) != test.want {
			t.Errorf("%s: %v", name, w.notes)
		}
	}
	w := &work{}
	if w.judgeRepeated(nil); len(w.notes) > 0 {
		t.Error("nothing was measured")
	}
}

// TestHonestWork: a server that does what it is asked is named nothing, with either interface, with and without /tokenize.
func TestHonestWork(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.Serving){
		"completions": func(*v1alpha1.Serving) {},
		"chat":        func(v *v1alpha1.Serving) { v.API = "chat" },
		"may end":     func(v *v1alpha1.Serving) { v.IgnoreEOS = nil },
		"spread":      func(v *v1alpha1.Serving) { v.RangeRatio = 0.3 },
		"shared":      func(v *v1alpha1.Serving) { v.Dataset, v.PrefixTokens, v.Prefixes = "shared-prefix", 100, 3 },
	} {
		for _, tokenizer := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				h := &honest{tokenizer: tokenizer, ttft: 20 * time.Millisecond, itl: 2 * time.Millisecond, template: 23}
				res, _, err := measure(t, free(change), serveHandler(t, h))
				if err != nil {
					t.Fatal(err)
				}
				if got := reasons(res); len(got) > 0 {
					t.Errorf("tokenizer %v: %v", tokenizer, res.Reasons)
				}
			})
		}
	}
}

// TestTokensWithoutText: under ignoreEOS vLLM makes tokens that have no text, and some of them share a chunk. That is no wrong usage; as
// many tokens as twice the chunks, without text, are.
func TestTokensWithoutText(t *testing.T) {
	for tokens, found := range map[int]int{32: 0, 64: 1} {
		w, r := &work{found: map[string]int{}, example: map[string]string{}}, &record{}
		r.answer.Usage, r.answer.Completion = true, tokens
		for range 31 {
			r.answer.Events = append(r.answer.Events, 0)
		}
		if w.tokens(r, asked{out: tokens, ignoreEOS: true}); w.found[suite.ReasonWrongUsage] != found {
			t.Errorf("%d tokens in 31 chunks without text: %v", tokens, w.example)
		}
	}
}
