package simulator

import (
	"hash/fnv"
	"math/rand/v2"
	"strings"

	"assay/drivers/constraint"
)

// tokenSize is how many characters make a token.
const tokenSize = 4

// tokens counts the tokens of a text.
func tokens(text string) int { return (len([]rune(text)) + tokenSize - 1) / tokenSize }

// output is what a request is answered with.
type output struct {
	chunks []string // one token each
	finish string   // stop, or length when it was cut
}

// compose decides on the whole output: the same seed and prompt give the same one.
func compose(seed int64, prompt string, c *constraint.Compiled, req *request, limit int) (output, error) {
	h := fnv.New64a()
	h.Write([]byte(prompt))
	r := rand.New(rand.NewPCG(uint64(seed), h.Sum64()))
	if c == nil {
		n := limit
		if !req.IgnoreEOS {
			n = min(limit, max(req.MinTokens, limit/2+r.IntN(limit/2+1)))
		}
		return cut(words(r, n*tokenSize), n, n == limit), nil
	}
	text, err := c.Generate(r)
	if err != nil {
		return output{}, err
	}
	return cut(text, limit, false), nil
}

// cut splits a text into tokens, at most limit.
func cut(text string, limit int, length bool) output {
	o := output{finish: "stop"}
	runes := []rune(text)
	for len(runes) > 0 {
		if len(o.chunks) == limit {
			length = true
			break
		}
		n := min(tokenSize, len(runes))
		o.chunks = append(o.chunks, string(runes[:n]))
		runes = runes[n:]
	}
	if length {
		o.finish = "length"
	}
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
