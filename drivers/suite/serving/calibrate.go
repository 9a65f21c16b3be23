package serving

import (
	"context"
	"fmt"

	"assay/drivers/suite"
)

// The tokenizer is measured with so many words, or with fewer where the server does not accept that many tokens.
const (
	sampleWords = 256
	leastSample = 16
)

// calibrate measures how many words make a token to the server, so that prompts get the length in tokens that the manifest
// asks for. input_tokens reports what was really sent, as the server counts it.
func (r *runner) calibrate(ctx context.Context) error {
	r.progress("measuring the length of the server's tokens")
	for n := sampleWords; ; n /= 4 {
		tokens, f, err := r.sample(ctx, n)
		switch {
		case err != nil:
			return err
		case f != nil && f.Kind == "http_400" && n > leastSample:
			continue
		case f != nil:
			return fmt.Errorf("%s does not answer a plain request: %w", r.client.endpoints[0], f)
		case tokens > 0:
			r.data.wordsPerToken = float64(n) / float64(tokens)
		}
		return nil
	}
}

// sample sends a prompt of n words and returns how many tokens the server counts in it.
func (r *runner) sample(ctx context.Context, n int) (tokens int, f *suite.Failure, err error) {
	p := r.payload
	p.maxTokens, p.ignoreEOS = 1, false
	body, err := p.body(ask(words(suite.Rand(r.req.Seed, "calibration"), n)), nil)
	if err != nil {
		return 0, nil, err
	}
	o := r.client.complete(ctx, 0, r.client.run+"-calibration", p.path(), body)
	return o.answer.Prompt, o.failure, nil
}
