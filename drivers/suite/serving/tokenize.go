package serving

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"assay/drivers/bounded"
)

// templated are the fields of a chat that change what its template adds, and so its length.
var templated = []string{"chat_template", "chat_template_kwargs", "tools"}

// count asks the server how many tokens a prompt has, with all that it adds to it: vLLM, SGLang and llama.cpp have /tokenize. False
// when the server does not say; it is then not asked again.
func (r *runner) count(ctx context.Context, q question) (int, bool) {
	if !r.payload.chat {
		return r.countText(ctx, q.text(), true)
	}
	body := map[string]any{"model": r.payload.model, "messages": q.turns, "add_generation_prompt": true}
	for _, name := range templated {
		if v, ok := r.payload.extra[name]; ok {
			body[name] = v
		}
	}
	if !r.server.llama {
		return r.tokens(ctx, body)
	}
	var whole struct{ Prompt string }
	if r.untold.Load() || !r.client.post(ctx, "/apply-template", body, &whole) {
		r.untold.Store(true)
		return 0, false
	}
	return r.countText(ctx, whole.Prompt, true)
}

// countText is how many tokens a text has by itself.
func (r *runner) countText(ctx context.Context, text string, special bool) (int, bool) {
	if r.server.llama {
		return r.tokens(ctx, map[string]any{"content": text, "add_special": special})
	}
	return r.tokens(ctx, map[string]any{"model": r.payload.model, "prompt": text, "add_special_tokens": special})
}

// tokens is what /tokenize says: llama.cpp's gives the tokens without their number.
func (r *runner) tokens(ctx context.Context, body map[string]any) (int, bool) {
	var told struct {
		Count  int
		Tokens []json.RawMessage
	}
	if r.untold.Load() || !r.client.post(ctx, "/tokenize", body, &told) {
		r.untold.Store(true)
		return 0, false
	}
	n := cmp.Or(told.Count, len(told.Tokens))
	r.untold.Store(n == 0)
	return n, n > 0
}

// post asks one question in JSON, and reports whether the server had an answer.
func (c *client) post(ctx context.Context, path string, body, answer any) bool {
	b, err := json.Marshal(body)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoints[0]+path, bytes.NewReader(b))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	c.authorize(req)
	resp, err := c.http.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	text, err := bounded.ReadAll(resp.Body, bounded.MaxAnswer)
	return err == nil && resp.StatusCode == http.StatusOK && json.Unmarshal(text, answer) == nil
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
