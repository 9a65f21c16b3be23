package serving

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// conversation is the first two turns of one of sharegpt.
type conversation struct{ ask, reply string }

// readShareGPT reads the conversations of two turns or more, in the order in which vLLM takes them with the same seed.
func readShareGPT(r io.Reader, seed int64) (out []conversation, err error) {
	dec := json.NewDecoder(r)
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return nil, errors.Join(err, errors.New("it is no list of conversations"))
	}
	for dec.More() {
		var c struct {
			Conversations []struct {
				Value string `json:"value"`
			} `json:"conversations"`
		}
		if err := dec.Decode(&c); err != nil {
			return nil, err
		}
		if turns := c.Conversations; len(turns) >= 2 {
			out = append(out, conversation{turns[0].Value, turns[1].Value})
		}
	}
	if _, err := dec.Token(); err != nil { // the end of the list
		return nil, err
	}
	newMersenne(seed).shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out, nil
}

// What vLLM takes of a data set, in tokens.
const (
	fewestTokens = 4    // of a prompt, and of an answer whose length the data set gives
	mostPrompt   = 1024 // of a prompt
	mostTotal    = 2048 // of both
)

// usable is vLLM's rule. An answer's length that the manifest gives can be short.
func usable(in, out int, given bool) bool {
	return in >= fewestTokens && (given || out >= fewestTokens) && in <= mostPrompt && in+out <= mostTotal
}

// picked is a conversation that is used, and how many tokens its answer gets.
type picked struct{ At, Out int }

// pickConversations chooses the run's requests as vLLM does: in order those of usable length, by the server's tokenizer, until
// there are as many as prompts, or none is left; then further ones among them by chance. An answer gets the length of the
// data set's own, or outputTokens where the manifest has it.
func (r *runner) pickConversations(ctx context.Context) error {
	d, given := r.data, r.spec.OutputTokens > 0
	var found []picked
	const batch = 64
	for from := 0; from < len(d.conversations) && len(found) < r.spec.Prompts; from += batch {
		some := d.conversations[from:min(from+batch, len(d.conversations))]
		lengths := r.conversationLengths(ctx, some, given)
		if err := ctx.Err(); err != nil {
			return err
		}
		for i := range some {
			in, out := lengths[2*i], lengths[2*i+1]
			if given {
				out = r.spec.OutputTokens
			}
			if usable(in, out, given) && len(found) < r.spec.Prompts {
				found = append(found, picked{from + i, out})
			}
		}
	}
	if len(found) == 0 {
		return fmt.Errorf("the data set %s has no conversation with a prompt of %d to %d tokens, and at most %d with its answer", r.spec.File, fewestTokens, mostPrompt, mostTotal)
	}
	random, n := newMersenne(d.seed), len(found)
	for len(found) < r.spec.Prompts {
		found = append(found, found[random.below(n)])
	}
	d.pick(found)
	_, err := r.sample(ctx, leastSample) // the server must answer a plain request
	return err
}

// conversationLengths are the tokens of each prompt and of each answer. Without /tokenize they are estimated: four bytes are one.
func (r *runner) conversationLengths(ctx context.Context, some []conversation, given bool) []int {
	text := func(i int) string {
		if c := some[i/2]; i%2 == 0 {
			return c.ask
		}
		return some[i/2].reply
	}
	lengths, ok := manyTokens(2*len(some), func(i int) (int, bool) {
		if i%2 == 1 && given || text(i) == "" {
			return 0, true
		}
		return r.countText(ctx, text(i), true)
	})
	if !ok {
		r.data.estimated = true
		for i := range lengths {
			lengths[i] = (len(text(i)) + 3) / 4
		}
	}
	return lengths
}

// pick makes the chosen conversations the entries of the data set.
func (d *dataset) pick(found []picked) {
	d.picked, d.entries = found, make([]entry, len(found))
	for i, p := range found {
		d.entries[i] = entry{text: d.conversations[p.At].ask, out: p.Out}
	}
	d.conversations = nil
}
