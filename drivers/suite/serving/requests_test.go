package serving

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

// TestClosesAfterAnswers: a server that closes every connection after a whole answer, without a word, fails nothing.
func TestClosesAfterAnswers(t *testing.T) {
	h := &honest{lie: func(_ int, _ asking, a *answering) { a.hangUp = true }}
	res, _, err := measure(t, free(nil), serveHandler(t, h))
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics(t, res, map[string]float64{"completed": 40, "failed": 0})
}

// TestReasoning: thoughts are no answer and no emptiness: both have their time.
func TestReasoning(t *testing.T) {
	h := &honest{itl: 2 * time.Millisecond, ttft: 10 * time.Millisecond, lie: func(_ int, _ asking, a *answering) { a.thoughts = min(20, len(a.tokens)) }}
	res, _, err := measure(t, free(func(v *v1alpha1.Serving) { v.API = "chat" }), serveHandler(t, h))
	if err != nil {
		t.Fatal(err)
	}
	m := res.Metrics
	if got := reasons(res); len(got) > 0 {
		t.Errorf("%v", res.Reasons)
	}
	if m["ttft_thought_median_ms"] != m["ttft_text_median_ms"] || m["ttft_text_median_ms"] != m["ttft_median_ms"] || m["ttft_answer_median_ms"] < m["ttft_thought_median_ms"]+40 {
		t.Errorf("first chunk %v, first text %v, first thought %v, first answer %v ms", m["ttft_median_ms"], m["ttft_text_median_ms"], m["ttft_thought_median_ms"], m["ttft_answer_median_ms"])
	}
}

// TestBothFirsts: an empty first chunk is vLLM's TTFT, and the text has its own.
func TestBothFirsts(t *testing.T) {
	h := &honest{ttft: 60 * time.Millisecond, lie: func(_ int, _ asking, a *answering) { a.hasty = true }}
	res, _, err := measure(t, free(nil), serveHandler(t, h))
	if err != nil {
		t.Fatal(err)
	}
	if m := res.Metrics; m["ttft_text_median_ms"] < 60 || m["ttft_text_median_ms"] < m["ttft_median_ms"]+20 {
		t.Errorf("first chunk after %v, first text after %v ms", m["ttft_median_ms"], m["ttft_text_median_ms"])
	}
}

// TestThinkingCanary: a model that thinks before it obeys is measured, and one that thinks and then ignores is refused.
func TestThinkingCanary(t *testing.T) {
	for obeys, want := range map[dialect]string{structuredOutputs: "", "": "does not enforce"} {
		f := &flawed{knows: obeys, thinks: 500}
		_, _, err := measure(t, spec(func(v *v1alpha1.Serving) { v.Dataset, v.API, v.OutputTokens = "choice", "chat", 1000 }), serve(t, f))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("it obeys %q: %v", obeys, err)
		}
	}
}

// TestLengths: prompts have the tokens that were asked for, as the server counts them: all of them with /tokenize, in its two forms, within 2 % on
// average without, whatever the template adds.
func TestLengths(t *testing.T) {
	for _, api := range []string{"completions", "chat"} {
		for _, tokens := range []int{128, 1024, 4096} {
			for _, of := range []string{"vLLM", "llama.cpp", ""} {
				tokenizer := of != ""
				h := &honest{tokenizer: tokenizer, llama: of == "llama.cpp", template: 35}
				res, _, err := measure(t, free(func(v *v1alpha1.Serving) {
					v.API, v.InputTokens, v.Prompts, v.OutputTokens = api, tokens, 20, 1
				}), serveHandler(t, h))
				if err != nil {
					t.Fatal(err)
				}
				mean := res.Metrics["input_tokens"] / 20
				if tokenizer && mean != float64(tokens) || mean < 0.98*float64(tokens) || mean > 1.02*float64(tokens) {
					t.Errorf("%s, %d tokens, tokenizer of %q: %v on average", api, tokens, of, mean)
				}
				if off := h.worst(tokens); tokenizer && off > 0 {
					t.Errorf("%s, %d tokens, tokenizer of %q: one prompt is off by %d", api, tokens, of, off)
				}
			}
		}
	}
}

// worst is by how many tokens a measured prompt differs from the length.
func (h *honest) worst(tokens int) (off int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, n := range h.counts {
		if id := h.headers[i].Get("X-Request-Id"); strings.Count(id, "-") == 1 && !strings.Contains(id, "-calibration") && !strings.Contains(id, "-repeat") {
			off = max(off, n-tokens, tokens-n)
		}
	}
	return off
}

// TestRequestFields: what the manifest adds to requests is in each of them, the measured ones and the others, by both clients; a
// secret is in no file.
func TestRequestFields(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(secret, []byte("hush-7431\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &honest{}
	req := request0(serveHandler(t, h))
	topP, topK, seed := 0.9, 40, int64(7)
	req.Serving = free(func(v *v1alpha1.Serving) {
		v.API, v.Temperature, v.Sampling, v.MaxTokensField = "chat", 0.7, &v1alpha1.Sampling{TopP: &topP, TopK: &topK, Seed: &seed}, "max_completion_tokens"
		v.ExtraBody = map[string]any{"chat_template_kwargs": map[string]any{"enable_thinking": false}}
		v.Headers, v.SecretHeaders = map[string]string{"X-Team": "perf"}, map[string]string{"X-Api-Key": "KEY"}
	})
	if _, err := (Suite{}).Run(t.Context(), req, t.TempDir(), func(string) {}); err == nil || !strings.Contains(err.Error(), "apply the manifest again") {
		t.Errorf("without the secret's file: %v", err)
	}
	req.SecretFiles = map[string]string{"KEY": secret}
	dir := t.TempDir()
	res, err := Suite{}.Run(t.Context(), req, dir, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.bodies) < 40 {
		t.Fatalf("%d requests", len(h.bodies))
	}
	for i, b := range h.bodies {
		kwargs, _ := b["chat_template_kwargs"].(map[string]any)
		if b["temperature"] != 0.7 || b["top_p"] != 0.9 || b["top_k"] != 40.0 || b["seed"] != 7.0 || b["max_tokens"] != nil || b["max_completion_tokens"] == nil || kwargs["enable_thinking"] != false {
			t.Fatalf("request %d: %v", i, b)
		}
		if got := h.headers[i]; got.Get("X-Team") != "perf" || got.Get("X-Api-Key") != "hush-7431" {
			t.Fatalf("request %d: headers %v", i, got)
		}
	}
	if got := res.Versions["request"]; got != `{"chat_template_kwargs":{"enable_thinking":false},"seed":7,"temperature":0.7,"top_k":40,"top_p":0.9}` {
		t.Errorf("the result says %s", got)
	}
	if leaks(t, dir, "hush-7431") {
		t.Error("the secret is in the run's directory")
	}
}

// TestServerSampling leaves the temperature to the server.
func TestServerSampling(t *testing.T) {
	h := &honest{}
	if _, _, err := measure(t, free(func(v *v1alpha1.Serving) { v.Sampling = &v1alpha1.Sampling{Server: true} }), serveHandler(t, h)); err != nil {
		t.Fatal(err)
	}
	for _, b := range h.bodies {
		if _, sent := b["temperature"]; sent {
			t.Fatalf("%v", b)
		}
	}
}

// TestSecretInFailure: a server that quotes a secret header gets it into nothing that is kept.
func TestSecretInFailure(t *testing.T) {
	secret := file(t, "hush-7431\n")
	h := &honest{}
	url := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Request-Id"), "3") && strings.HasPrefix(r.Header.Get("X-Request-Id"), "r-") && !strings.Contains(r.Header.Get("X-Request-Id"), "repeat") {
			http.Error(w, "wrong key "+r.Header.Get("X-Api-Key"), http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	}))
	req := request0(url)
	req.Serving = free(func(v *v1alpha1.Serving) { v.SecretHeaders = map[string]string{"X-Api-Key": "KEY"} })
	req.SecretFiles = map[string]string{"KEY": secret}
	dir := t.TempDir()
	var told []string
	res, err := Suite{Redact: func(secrets ...string) suite.Redactor { told = secrets; return hide(secrets) }}.Run(t.Context(), req, dir, func(string) {})
	if err != nil || res.Metrics["failed_http_401"] == 0 {
		t.Fatal(err, res.Metrics)
	}
	if !slices.Contains(told, "hush-7431") || leaks(t, dir, "hush-7431") {
		t.Errorf("the redactor knows %d secrets; one is in the run's directory", len(told))
	}
}

type hide []string

func (h hide) Message(text string) string { return h.Hide(text) }
func (h hide) Hide(text string) string {
	for _, s := range h {
		if s != "" {
			text = strings.ReplaceAll(text, s, "(hidden)")
		}
	}
	return text
}
