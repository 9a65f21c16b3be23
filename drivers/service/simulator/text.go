package simulator

import (
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"assay/drivers/constraint"
)

const (
	tokenSize = 4       // characters that make a token
	maxTokens = 1 << 17 // of one answer
)

// tokens counts the tokens of a text.
func tokens(text string) int { return (utf8.RuneCountInString(text) + tokenSize - 1) / tokenSize }

// output is what a request is answered with.
type output struct {
	chunks []string // one token each, at least one
	finish string   // stop, or length when it was cut
}

// compose makes the whole output: the same seeds and prompt give the same one.
func compose(seed int64, prompt string, c *constraint.Compiled, req *request, limit int) (output, error) {
	h := fnv.New64a()
	h.Write([]byte(prompt))
	r := rand.New(rand.NewPCG(uint64(seed)^uint64(req.Seed)<<32, h.Sum64()))
	if c != nil {
		text, err := c.Generate(r)
		return cut(text, limit), err
	}
	n := limit
	if !req.IgnoreEOS {
		n = max(1, req.MinTokens, limit/2+r.IntN(limit/2+1))
	}
	o := cut(words(r, n*tokenSize), limit)
	if n == limit {
		o.finish = "length"
	}
	return o, nil
}

// cut splits a text into tokens, at most limit. An empty text is one token, the end of sequence.
func cut(text string, limit int) output {
	o := output{finish: "stop"}
	runes := []rune(text)
	for len(o.chunks) < limit {
		n := min(tokenSize, len(runes))
		o.chunks = append(o.chunks, string(runes[:n]))
		if runes = runes[n:]; len(runes) == 0 {
			return o
		}
	}
	o.finish = "length"
	return o
}

var vocabulary = strings.Fields("node rack core link file mount queue batch shard cache graph train serve probe limit quota spare cable")

// words is a text of n characters.
func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(vocabulary[r.IntN(len(vocabulary))] + " ")
	}
	return b.String()[:n]
}
