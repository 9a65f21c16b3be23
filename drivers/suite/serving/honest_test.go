package serving

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"assay/api/v1alpha1"
)

// honest is a server that does what it is asked, in a model's time, and counts tokens like a model's tokenizer: a word with the
// space before it is one token, a long one several, each digit and each mark is one. lie changes an answer before it is sent.
type honest struct {
	lie       func(n int, q asking, a *answering)
	tokenizer bool // it has /tokenize
	llama     bool // it is as llama.cpp's server: /tokenize and the template of chats have another form
	ttft, itl time.Duration
	template  int // tokens that a chat adds

	mu       sync.Mutex
	n        int
	bodies   []map[string]any
	headers  []http.Header
	prompts  []string
	counts   []int // tokens of each prompt
	tokenize int   // requests for /tokenize
}

// asking is a completion request.
type asking struct {
	Prompt    string
	Content   string // of what llama.cpp's server makes tokens
	Special   bool   `json:"add_special"`
	Messages  []struct{ Content string }
	Max       int  `json:"max_tokens"`
	MaxNew    int  `json:"max_completion_tokens"`
	IgnoreEOS bool `json:"ignore_eos"`
	tokens    int  // of the prompt
	again     bool // it was asked before
}

// answering is how it is answered.
type answering struct {
	tokens     []string
	prompt     int // tokens, as usage has them
	completion int
	model      string
	finish     string
	noUsage    bool
	hasty      bool          // an empty chunk at once
	buffered   bool          // all chunks at the end
	thoughts   int           // how many of the first tokens are thoughts
	every      int           // only every so many chunks are sent
	ttft       time.Duration // instead of the server's
	hangUp     bool          // the connection is closed after the answer, without a word
}

func (h *honest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v1/models":
		owner := "x"
		if h.llama {
			owner = "llamacpp"
		}
		fmt.Fprintf(w, `{"object":"list","data":[{"id":"org/tiny","owned_by":%q}]}`, owner)
	case "/apply-template":
		var q asking
		if !h.llama || json.NewDecoder(r.Body).Decode(&q) != nil {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"prompt": q.Messages[0].Content + strings.Repeat(" t", h.template)})
	case "/tokenize":
		var q asking
		if !h.tokenizer || json.NewDecoder(r.Body).Decode(&q) != nil {
			http.NotFound(w, r)
			return
		}
		h.mu.Lock()
		h.tokenize++
		h.mu.Unlock()
		if h.llama { // it knows no prompt
			n := countTokens(q.Content)
			if q.Special {
				n++
			}
			_ = json.NewEncoder(w).Encode(map[string][]int{"tokens": make([]int, n)})
			return
		}
		h.read(&q)
		fmt.Fprintf(w, `{"count":%d,"max_model_len":4096,"tokens":[]}`, q.tokens)
	case "/v1/completions", "/v1/chat/completions":
		h.complete(w, r)
	default:
		http.NotFound(w, r)
	}
}

// read counts the tokens of a prompt: a begin mark, and in a chat what the template adds.
func (h *honest) read(q *asking) {
	q.tokens = 1 + countTokens(q.Prompt)
	if len(q.Messages) > 0 {
		q.Prompt = q.Messages[0].Content
		q.tokens = 1 + h.template + countTokens(q.Prompt)
	}
	q.Max = max(q.Max, q.MaxNew)
}

func (h *honest) complete(w http.ResponseWriter, r *http.Request) {
	var q asking
	var body map[string]any
	raw, _ := io.ReadAll(r.Body)
	if json.Unmarshal(raw, &q) != nil || json.Unmarshal(raw, &body) != nil {
		http.Error(w, "bad JSON", http.StatusBadRequest)
		return
	}
	h.read(&q)
	h.mu.Lock()
	n := h.n
	h.n++
	for _, p := range h.prompts {
		q.again = q.again || p == q.Prompt
	}
	h.bodies, h.prompts, h.counts, h.headers = append(h.bodies, body), append(h.prompts, q.Prompt), append(h.counts, q.tokens), append(h.headers, r.Header.Clone())
	h.mu.Unlock()
	random := rand.New(rand.NewPCG(1, hashOf(q.Prompt)))
	a := answering{prompt: q.tokens, model: "org/tiny", finish: "length", ttft: h.ttft}
	for i := 0; i < q.Max; i++ {
		if !q.IgnoreEOS && i > q.Max/2 && random.IntN(8) == 0 {
			a.finish = "stop"
			break
		}
		a.tokens = append(a.tokens, " "+pick(random, vocabulary))
	}
	a.completion = len(a.tokens)
	if h.lie != nil {
		h.lie(n, q, &a)
	}
	h.send(w, r.URL.Path == "/v1/chat/completions", a)
}

func (h *honest) send(w http.ResponseWriter, chat bool, a answering) {
	w.Header().Set("Content-Type", "text/event-stream")
	event := func(token, kind string, last bool) {
		finish := "null"
		if last && a.finish != "" {
			finish = fmt.Sprintf("%q", a.finish)
		}
		part := fmt.Sprintf(`"text":%q`, token)
		if chat {
			part = fmt.Sprintf(`"delta":{%q:%q}`, kind, token)
		}
		fmt.Fprintf(w, `data: {"id":"c","model":%q,"choices":[{"index":0,%s,"finish_reason":%s}]}`+"\n\n", a.model, part, finish)
		if !a.buffered {
			w.(http.Flusher).Flush()
		}
	}
	if a.hasty {
		event("", "content", false)
	}
	time.Sleep(a.ttft)
	for i, token := range a.tokens {
		if i > 0 {
			time.Sleep(h.itl)
		}
		kind := "content"
		if i < a.thoughts {
			kind = "reasoning_content"
		}
		if last := i == len(a.tokens)-1; last || a.every == 0 || i%a.every == 0 {
			event(token, kind, last)
		}
	}
	if !a.noUsage {
		fmt.Fprintf(w, `data: {"choices":[],"usage":{"prompt_tokens":%d,"completion_tokens":%d}}`+"\n\n", a.prompt, a.completion)
	}
	io.WriteString(w, "data: [DONE]\n\n")
	if a.hangUp {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// countTokens is the tokenizer: letters in pieces of six, and everything else but spaces by itself.
func countTokens(text string) (n int) {
	letters := 0
	for _, c := range text {
		if unicode.IsLetter(c) {
			if letters%6 == 0 {
				n++
			}
			letters++
			continue
		}
		letters = 0
		if !unicode.IsSpace(c) {
			n++
		}
	}
	return n + strings.Count(text, "\n")
}

// free is a run of the random data set that takes little time.
func free(change func(*v1alpha1.Serving)) *v1alpha1.Serving {
	eos, ratio := true, 0.0
	v := &v1alpha1.Serving{Dataset: "random", API: "completions", Prompts: 40, InputTokens: 64, OutputTokens: 32, Burstiness: 1, Concurrency: 8,
		RequestTimeout: v1alpha1.Duration(10 * time.Second), IgnoreEOS: &eos, StructuredRatio: &ratio}
	if change != nil {
		change(v)
	}
	return v
}
