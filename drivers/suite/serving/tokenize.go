package serving

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"assay/drivers/bounded"
)

// templated are the fields of a chat that change what its template adds, and so its length.
var templated = []string{"chat_template", "chat_template_kwargs", "tools"}

// count asks the server how many tokens a prompt has, with all that it adds to it: vLLM and SGLang have /tokenize. False when the
// server does not say; it is then not asked again.
func (r *runner) count(ctx context.Context, q question) (int, bool) {
	body := map[string]any{"model": r.payload.model}
	if r.payload.chat {
		body["messages"], body["add_generation_prompt"] = q.turns, true
		for _, name := range templated {
			if v, ok := r.payload.extra[name]; ok {
				body[name] = v
			}
		}
	} else {
		body["prompt"], body["add_special_tokens"] = q.text(), true
	}
	return r.tokens(ctx, body)
}

// countText is how many tokens a text has by itself.
func (r *runner) countText(ctx context.Context, text string, special bool) (int, bool) {
	return r.tokens(ctx, map[string]any{"model": r.payload.model, "prompt": text, "add_special_tokens": special})
}

func (r *runner) tokens(ctx context.Context, body map[string]any) (int, bool) {
	if r.untold.Load() {
		return 0, false
	}
	n, ok := r.client.tokens(ctx, body)
	if !ok {
		r.untold.Store(true)
	}
	return n, ok
}

func (c *client) tokens(ctx context.Context, body map[string]any) (int, bool) {
	b, err := json.Marshal(body)
	if err != nil {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoints[0]+"/tokenize", bytes.NewReader(b))
	if err != nil {
		return 0, false
	}
	req.Header.Set("Content-Type", "application/json")
	c.authorize(req)
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, false
	}
	defer resp.Body.Close()
	answer, err := bounded.ReadAll(resp.Body, bounded.MaxAnswer)
	var told struct{ Count int }
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(answer, &told) != nil {
		return 0, false
	}
	return told.Count, told.Count > 0
}

// manyTokens counts many texts at a time, those that f makes of 0 to n-1. False when one could not be counted.
func manyTokens(n int, f func(i int) (int, bool)) ([]int, bool) {
	out, all := make([]int, n), true
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, 16) {
		wg.Go(func() {
			for i := range next {
				tokens, ok := f(i)
				mu.Lock()
				out[i], all = tokens, all && ok
				mu.Unlock()
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return out, all
}
