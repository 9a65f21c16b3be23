package serving

import (
	"context"
	"fmt"

	"assay/drivers/suite"
)

// sampleWords is how many words the tokenizer is tried on.
const sampleWords = 256

// calibrate learns how many words a token is to the server, so that lengths in tokens come out as they are asked for. What
// was really sent is in input_tokens, as the server counts it.
func (r *runner) calibrate(ctx context.Context) error {
	r.progress("learning the length of the server's tokens")
	p := r.payload
	p.maxTokens, p.ignoreEOS = 1, false
	body, err := p.body(ask(words(suite.Rand(r.req.Seed, "calibration"), sampleWords)), nil)
	if err != nil {
		return err
	}
	o := r.client.complete(ctx, 0, r.client.run+"-calibration", p.path(), body)
	if o.failure != nil {
		return fmt.Errorf("%s does not answer a plain request: %w", r.client.endpoints[0], o.failure)
	}
	if o.answer.Prompt > 0 {
		r.data.wordsPerToken = sampleWords / float64(o.answer.Prompt)
	}
	return nil
}
