package serving

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"assay/drivers/suite"
)

// fewestWords is with how many words that are one token each prompts are made of those alone.
const fewestWords = 8

// What a word can be, in tokens: a server that says otherwise is not believed, and what it counts is named (work.go).
const fewestPerWord, mostPerWord = 0.5, 20.0

// leastSample is the shortest prompt, in words, with which the tokenizer is measured.
const leastSample = 16

// calibrate finds out how many tokens the words of a prompt are to the server, so that prompts get the length that the manifest
// asks for, as the server counts it: exactly where it has /tokenize, else from two prompts. It fails when the server does not
// answer a plain request.
func (r *runner) calibrate(ctx context.Context) error {
	r.progress("measuring the length of the server's tokens")
	d := r.data
	if d.conversations != nil {
		return r.pickConversations(ctx)
	}
	if d.entries != nil && d.entries[0].text != "" { // prompts are given
		_, err := r.sample(ctx, leastSample)
		return err
	}
	if r.exactWords(ctx) {
		return nil
	}
	return r.twoPoints(ctx)
}

// exactWords keeps the words that are one token with the space before them, wherever they stand: tokenizers cut a text at its
// spaces. What the prompt has besides them is measured with words behind the tag, because a template's beginning can be one token
// with a tag that nothing follows. False when the server has no /tokenize, or there are too few such words.
func (r *runner) exactWords(ctx context.Context) bool {
	tag := strings.TrimSpace(r.data.tag)
	count := func(text string) (int, bool) { return r.count(ctx, ask(tag+text)) }
	if _, ok := count(""); !ok {
		return false
	}
	const repeats = 9
	counts, ok := manyTokens(len(vocabulary), func(i int) (int, bool) { return count(strings.Repeat(" "+vocabulary[i], repeats)) })
	if !ok {
		return false
	}
	overhead := slices.Min(counts) - repeats // a word is one token at least
	var words []string
	for i, n := range counts {
		if n == overhead+repeats {
			words = append(words, vocabulary[i])
		}
	}
	if len(words) < fewestWords {
		return false
	}
	one, ok1 := count(" " + words[0])
	all, ok2 := count(" " + strings.Join(words, " "))
	if !ok1 || !ok2 || one != overhead+1 || all != overhead+len(words) {
		return false // they are more than one token, or together something else
	}
	r.data.lexicon = lexicon{Words: words, Exact: true, WordsPerToken: 1, Overhead: float64(overhead)}
	return true
}

// twoPoints measures with a prompt of every word once and one of every word twice: their difference is the words', the rest is
// what the tag and the server's template add. Where the context is too short for that, with shorter ones.
func (r *runner) twoPoints(ctx context.Context) error {
	for n := len(vocabulary); ; n /= 2 {
		long, err := r.sample(ctx, 2*n)
		if f, ok := errors.AsType[*suite.Failure](err); ok && f.Kind == "http_400" && n >= leastSample {
			continue
		}
		if err != nil {
			return err
		}
		short, err := r.sample(ctx, n)
		if err != nil {
			return err
		}
		if perWord := float64(long-short) / float64(n); perWord >= fewestPerWord && perWord <= mostPerWord {
			r.data.lexicon.WordsPerToken = 1 / perWord
			r.data.lexicon.Overhead = float64(short) - perWord*float64(n)
		}
		return nil
	}
}

// sample sends a prompt of n words and returns how many tokens the server counts in it.
func (r *runner) sample(ctx context.Context, n int) (int, error) {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(r.data.tag))
	plainLexicon().fill(&b, suite.Rand(r.req.Seed, "calibration"), n)
	p := r.payload
	p.maxTokens, p.ignoreEOS = 1, false
	body, err := p.body(ask(b.String()), nil)
	if err != nil {
		return 0, err
	}
	o := r.client.ask(ctx, 0, r.client.run+"-calibration", p.path(), body)
	if o.failure != nil {
		return 0, fmt.Errorf("%s does not answer a plain request: %w", r.client.endpoints[0], o.failure)
	}
	return o.answer.Prompt, nil
}
