package serving

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/constraint"
	"assay/drivers/suite/loadgen/socket"
)

// flawed is not vLLM: it is a stand-in for one that streams answers made for the constraint and can be told to go
// wrong in ways that a real server cannot be asked to.
type flawed struct {
	knows   dialect // the only one that it understands; "" ignores them all
	version string
	owner   string
	// misbehave takes over the n-th completion (from 0, canaries are not counted) by returning true.
	misbehave func(n int, w http.ResponseWriter, text string) bool
	pause     time.Duration // between events
	noUsage   bool
	thinks    int                                       // thoughts before an answer, of a chat
	spoil     func(n int, text string) (string, string) // changes the text; gives the finish reason

	mu       sync.Mutex
	prompts  []string
	bodies   []map[string]any
	arrived  sync.Map // X-Request-Id -> when, on CLOCK_MONOTONIC
	requests atomic.Int64
	inFlight atomic.Int64
	most     atomic.Int64
}

const canaryMark = "three rivers"

// flawedPrompt is how many tokens it says that every prompt has.
const flawedPrompt = 120

func hashOf(text string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, text)
	return h.Sum64()
}

func (f *flawed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v1/models":
		fmt.Fprintf(w, `{"object":"list","data":[{"id":"org/tiny","owned_by":%q}]}`, f.owner)
	case "/version":
		if f.version == "" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `{"version":%q}`, f.version)
	case "/v1/completions", "/v1/chat/completions":
		f.complete(w, r)
	default:
		http.NotFound(w, r)
	}
}

// request is a payload as a server of any dialect would read it.
type request struct {
	Prompt     string
	Messages   []struct{ Content string }
	Structured *struct {
		JSON    json.RawMessage
		Regex   string
		Grammar string
		Choice  []string
	} `json:"structured_outputs"`
	GuidedJSON    json.RawMessage `json:"guided_json"`
	GuidedRegex   string          `json:"guided_regex"`
	GuidedGrammar string          `json:"guided_grammar"`
	GuidedChoice  []string        `json:"guided_choice"`
	Schema        json.RawMessage `json:"json_schema"`
	Grammar       string
	Format        *struct {
		Schema struct{ Schema json.RawMessage } `json:"json_schema"`
	} `json:"response_format"`
}

func (q request) constraint(knows dialect) (c constraint.Constraint, held bool) {
	switch {
	case knows == structuredOutputs && q.Structured != nil:
		return constraint.Constraint{JSON: q.Structured.JSON, Regex: q.Structured.Regex, Grammar: q.Structured.Grammar, Choice: q.Structured.Choice}, true
	case knows == guided:
		c = constraint.Constraint{JSON: q.GuidedJSON, Regex: q.GuidedRegex, Grammar: q.GuidedGrammar, Choice: q.GuidedChoice}
		return c, c.JSON != nil || c.Regex != "" || c.Grammar != "" || c.Choice != nil
	case knows == llamaCpp && q.Schema != nil:
		return constraint.Constraint{JSON: q.Schema}, true
	case knows == llamaCpp:
		return constraint.Constraint{Grammar: q.Grammar}, q.Grammar != ""
	case knows == responseFormat && q.Format != nil:
		return constraint.Constraint{JSON: q.Format.Schema.Schema}, true
	}
	return c, false
}

func (f *flawed) complete(w http.ResponseWriter, r *http.Request) {
	f.arrived.Store(r.Header.Get("X-Request-Id"), socket.Monotonic())
	f.most.Store(max(f.most.Load(), f.inFlight.Add(1))) // exact enough: misses only simultaneous maxima
	defer f.inFlight.Add(-1)
	raw, _ := io.ReadAll(r.Body)
	var q request
	var body map[string]any
	if json.Unmarshal(raw, &q) != nil || json.Unmarshal(raw, &body) != nil {
		http.Error(w, "bad JSON", http.StatusBadRequest)
		return
	}
	prompt, chat := q.Prompt, len(q.Messages) == 1
	if chat {
		prompt = q.Messages[0].Content
	}
	text, finish := "it depends on the weather", "stop"
	if c, held := q.constraint(f.knows); held {
		compiled, err := constraint.Compile(c)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if text, err = compiled.Generate(rand.New(rand.NewPCG(1, hashOf(prompt)))); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	if !strings.Contains(prompt, canaryMark) && !strings.Contains(r.Header.Get("X-Request-Id"), "-repeat") {
		n := int(f.requests.Add(1)) - 1
		f.mu.Lock()
		f.prompts, f.bodies = append(f.prompts, prompt), append(f.bodies, body)
		f.mu.Unlock()
		if f.misbehave != nil && f.misbehave(n, w, text) {
			return
		}
		if f.spoil != nil {
			text, finish = f.spoil(n, text)
		}
	}
	if most, _ := body["max_tokens"].(float64); f.thinks > 0 {
		for range min(f.thinks, int(most)) {
			fmt.Fprint(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm \"}}]}\n\n")
		}
		if f.thinks >= int(most) {
			text, finish = "", "length"
		}
	}
	f.stream(w, r.Context(), chat, text, finish)
}

func (f *flawed) stream(w http.ResponseWriter, ctx context.Context, chat bool, text, finish string) {
	w.Header().Set("Content-Type", "text/event-stream")
	tokens := chunks(text)
	for i, token := range tokens {
		var last any
		if i == len(tokens)-1 {
			last = finish
		}
		emit(w, chat, token, last)
		if f.pause > 0 {
			select {
			case <-time.After(f.pause):
			case <-ctx.Done():
				return
			}
		}
	}
	if !f.noUsage {
		fmt.Fprintf(w, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":%d,\"completion_tokens\":%d}}\n\n", flawedPrompt, len(tokens))
	}
	io.WriteString(w, "data: [DONE]\n\n")
}

func emit(w http.ResponseWriter, chat bool, token string, finish any) {
	choice := map[string]any{"index": 0, "text": token, "finish_reason": finish}
	if chat {
		choice = map[string]any{"index": 0, "delta": map[string]string{"content": token}, "finish_reason": finish}
	}
	b, _ := json.Marshal(map[string]any{"id": "c", "choices": []any{choice}, "usage": nil})
	fmt.Fprintf(w, "data: %s\n\n", b)
	w.(http.Flusher).Flush()
}

// chunks cuts text into tokens of four bytes.
func chunks(text string) (out []string) {
	for len(text) > 4 {
		out, text = append(out, text[:4]), text[4:]
	}
	return append(out, text)
}

func serve(t testing.TB, f *flawed) string { return serveHandler(t, f) }

func serveHandler(t testing.TB, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

func spec(change func(*v1alpha1.Serving)) *v1alpha1.Serving {
	v := &v1alpha1.Serving{
		Dataset: "json", API: "completions", Prompts: 20, OutputTokens: 64, Burstiness: 1, Concurrency: 4,
		RequestTimeout: v1alpha1.Duration(10 * time.Second),
	}
	if change != nil {
		change(v)
	}
	return v
}

func request0(endpoint string) drivers.SuiteRequest {
	return drivers.SuiteRequest{Run: "r", Benchmark: "b", Target: "llm", Endpoints: []string{endpoint}, Model: "org/tiny", Serving: spec(nil), Seed: 11}
}

// leaks reports whether any file below dir holds text.
func leaks(t *testing.T, dir, text string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || strings.Contains(string(b), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func measure(t *testing.T, v *v1alpha1.Serving, endpoints ...string) (drivers.SuiteResult, string, error) {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	res, err := Suite{}.Run(ctx, drivers.SuiteRequest{
		Run: "r", Benchmark: "b", Target: "llm", Endpoints: endpoints, Model: "org/tiny", Serving: v, Seed: 11,
	}, dir, func(string) {})
	return res, dir, err
}
