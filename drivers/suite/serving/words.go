package serving

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"assay/drivers/suite"
)

// vocabulary is plain words, most of which are one token to most tokenizers, with the space before them.
var vocabulary = strings.Fields(`time year people way day man thing woman life child world school state family student group country problem hand part
	place case week company system program question work government number night point home water room mother area money story fact month lot right
	study book eye job word business issue side kind head house service friend father power hour game line end member law car city community name
	air dog sun sea box map key bag bus cup hat ice leg oil pen red sky tea toy war`)

// lexicon is how prompts get their length in tokens: the words to make them of, and what the server's tokenizer makes of those.
type lexicon struct {
	Words         []string // each is one token with the space before it, when Exact
	Exact         bool     // the server's own tokenizer said so
	WordsPerToken float64
	Overhead      float64 // tokens of a prompt besides its words: the run's tag, and what the server adds
}

func plainLexicon() lexicon { return lexicon{Words: vocabulary, WordsPerToken: 1} }

// count is how many words have so many tokens; first says that they begin the prompt, and so leave room for the overhead.
func (l lexicon) count(tokens int, first bool) int {
	n := float64(tokens)
	if first {
		n -= l.Overhead
	}
	return max(0, int(n*l.WordsPerToken+0.5))
}

// fill appends n words, in a random order of the vocabulary and then another one: of any two prompts of a length, both have
// nearly the same words, and so nearly the same tokens.
func (l lexicon) fill(b *strings.Builder, r *rand.Rand, n int) {
	var order []int
	for i := range n {
		if i%len(l.Words) == 0 {
			order = r.Perm(len(l.Words))
		}
		b.WriteByte(' ')
		b.WriteString(l.Words[order[i%len(l.Words)]])
	}
}

// number appends n as words, as many for every number below most, and returns how many.
func (l lexicon) number(b *strings.Builder, n, most int) (digits int) {
	for size := 1; size < most || digits == 0; size *= len(l.Words) {
		b.WriteByte(' ')
		b.WriteString(l.Words[n%len(l.Words)])
		n /= len(l.Words)
		digits++
	}
	return digits
}

// write makes the prompt of request i of an entry without a text: the run's tag and words, of which a shared prefix or the
// shared blocks of a trace are the same in every request that has them. Without blocks the request's number is among the words,
// so that no two prompts are equal.
func (d *dataset) write(i int, e entry, r *rand.Rand) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(d.tag))
	if len(e.blocks) > 0 {
		for k, id := range e.blocks {
			tokens := min(d.blockTokens, e.in-k*d.blockTokens)
			d.lexicon.fill(&b, suite.Rand(d.seed, fmt.Sprintf("%s/block/%d", d.name, id)), d.lexicon.count(tokens, k == 0))
		}
		return b.String()
	}
	if e.prefix > 0 {
		d.lexicon.fill(&b, suite.Rand(d.seed, fmt.Sprintf("%s/prefix/%d", d.name, e.prefix)), d.lexicon.count(e.prefixTokens, true))
	}
	n := d.lexicon.count(e.in, e.prefix == 0)
	n -= d.lexicon.number(&b, max(i, -i), d.prompts)
	d.lexicon.fill(&b, r, n)
	return b.String()
}
