package simulator

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/constraint"
)

func ms(n int) v1alpha1.Duration { return v1alpha1.Duration(time.Duration(n) * time.Millisecond) }

func serveSimulated(t testing.TB, s v1alpha1.Simulate) string {
	if s.TTFT == 0 {
		s.TTFT, s.ITL = ms(1), ms(1)
	}
	srv := httptest.NewServer(New(Config{Model: "m", Simulate: s}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// post sends a request and returns status, header and body.
func post(t testing.TB, url, body string) (int, http.Header, string) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(b)
}

type answer struct {
	Choices []struct {
		Text         string
		Message      struct{ Content string }
		Delta        struct{ Content string }
		FinishReason string `json:"finish_reason"`
	}
	Usage *struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	}
}

// streamed reads a stream to its end: the text, the number of chunks, the finish reason, the usage.
func streamed(t *testing.T, body string) (text string, chunks int, finish string, usage answer) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(body))
	done := false
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case !ok:
			continue
		case data == "[DONE]":
			done = true
			continue
		}
		var a answer
		if err := json.Unmarshal([]byte(data), &a); err != nil {
			t.Fatal(err)
		}
		if a.Usage != nil {
			usage = a
		}
		for _, c := range a.Choices {
			text += c.Text + c.Delta.Content
			chunks++
			finish = c.FinishReason
		}
	}
	if !done {
		t.Fatalf("the stream does not end with [DONE]:\n%s", body)
	}
	return text, chunks, finish, usage
}

func TestConstraintsAreEnforced(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{})
	schema := `{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}`
	grammar := `root ::= "a" | "b" root`
	for name, tc := range map[string]struct {
		field string
		c     constraint.Constraint
	}{
		"structured regex":   {`"structured_outputs":{"regex":"\\d{4}"}`, constraint.Constraint{Regex: `\d{4}`}},
		"structured choice":  {`"structured_outputs":{"choice":["Positive","Negative"]}`, constraint.Constraint{Choice: []string{"Positive", "Negative"}}},
		"structured json":    {`"structured_outputs":{"json":` + schema + `}`, constraint.Constraint{JSON: json.RawMessage(schema)}},
		"structured grammar": {fmt.Sprintf(`"structured_outputs":{"grammar":%q}`, grammar), constraint.Constraint{Grammar: grammar}},
		"guided json":        {`"guided_json":` + schema, constraint.Constraint{JSON: json.RawMessage(schema)}},
		"guided as a string": {fmt.Sprintf(`"guided_json":%q`, schema), constraint.Constraint{JSON: json.RawMessage(schema)}},
		"guided regex":       {`"guided_regex":"[xy]z"`, constraint.Constraint{Regex: "[xy]z"}},
		"response format":    {`"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":` + schema + `}}`, constraint.Constraint{JSON: json.RawMessage(schema)}},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := constraint.Compile(tc.c)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 5 {
				status, h, body := post(t, url+"/v1/completions", fmt.Sprintf(`{"model":"m","prompt":"number %d","max_tokens":200,"stream":true,%s}`, i, tc.field))
				if status != 200 || h.Get("X-Assay-Simulated") != "true" {
					t.Fatalf("%d %v %s", status, h, body)
				}
				text, _, finish, _ := streamed(t, body)
				if err := k.Check(text); err != nil || finish != "stop" {
					t.Errorf("%v, finish reason %s", err, finish)
				}
			}
		})
	}
	t.Run("ignored when told so", func(t *testing.T) {
		url := serveSimulated(t, v1alpha1.Simulate{IgnoreConstraints: true})
		_, _, body := post(t, url+"/v1/completions", `{"model":"m","prompt":"x","stream":true,"structured_outputs":{"regex":"\\d{4}"}}`)
		k, _ := constraint.Compile(constraint.Constraint{Regex: `\d{4}`})
		if text, _, _, _ := streamed(t, body); k.Check(text) == nil {
			t.Errorf("%q satisfies the constraint", text)
		}
	})
}

func TestTokensAndUsage(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{})
	_, _, body := post(t, url+"/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hello there"}],"max_tokens":10,"ignore_eos":true,"stream":true,"stream_options":{"include_usage":true}}`)
	text, chunks, finish, usage := streamed(t, body)
	if chunks != 10 || finish != "length" || len(text) != 40 || usage.Usage.Completion != 10 || usage.Usage.Prompt < 2 {
		t.Errorf("%d chunks, finish %s, %d characters, usage %+v", chunks, finish, len(text), usage.Usage)
	}
	_, _, again := post(t, url+"/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hello there"}],"max_tokens":10,"ignore_eos":true}`)
	var a answer
	if err := json.Unmarshal([]byte(again), &a); err != nil || a.Choices[0].Message.Content != text || a.Usage.Completion != 10 {
		t.Errorf("without a stream it should say the same: %v %s", err, again)
	}
	_, _, cut := post(t, url+"/v1/completions", `{"model":"m","prompt":"x","max_tokens":1,"structured_outputs":{"choice":["Negative"]}}`)
	if !strings.Contains(cut, `"text":"Nega"`) || !strings.Contains(cut, `"finish_reason":"length"`) {
		t.Errorf("one token of a choice: %s", cut)
	}
}

func TestRefusals(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{})
	for name, tc := range map[string]struct {
		body   string
		status int
	}{
		"another model":  {`{"model":"x","prompt":"p"}`, 404},
		"not json":       {`{`, 400},
		"no tokens":      {`{"model":"m","prompt":"p","max_tokens":0}`, 400},
		"bad regex":      {`{"model":"m","prompt":"p","structured_outputs":{"regex":"("}}`, 400},
		"empty":          {`{"model":"m","prompt":"p","structured_outputs":{}}`, 400},
		"unknown fields": {`{"model":"m","prompt":"p","guided_nothing":1,"max_tokens":2}`, 200},
	} {
		if status, _, body := post(t, url+"/v1/completions", tc.body); status != tc.status {
			t.Errorf("%s: %d %s, want %d", name, status, body, tc.status)
		}
	}
	failing := serveSimulated(t, v1alpha1.Simulate{FailureRate: 1})
	if status, _, _ := post(t, failing+"/v1/completions", `{"model":"m","prompt":"p"}`); status != 500 {
		t.Errorf("an injected failure answers %d", status)
	}
	loading := serveSimulated(t, v1alpha1.Simulate{StartupDelay: ms(60_000)})
	for _, path := range []string{"/health", "/v1/models"} {
		resp, err := http.Get(loading + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if want := map[string]int{"/health": 503, "/v1/models": 200}[path]; resp.StatusCode != want {
			t.Errorf("%s answers %d while loading, want %d", path, resp.StatusCode, want)
		}
	}
}

// At most maxRunning sequences run: with one at a time, four requests take four times as long at least.
func TestQueueAndMetrics(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{MaxRunning: 1, TTFT: ms(50), ITL: ms(1)})
	started := time.Now()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { post(t, url+"/v1/completions", `{"model":"m","prompt":"p","max_tokens":2,"ignore_eos":true}`) })
	}
	wg.Wait()
	if took := time.Since(started); took < 200*time.Millisecond {
		t.Errorf("four requests one by one took %s", took)
	}
	resp, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	for _, want := range []string{`vllm:request_success_total{engine="0",finished_reason="length",model_name="m"} 4`, `vllm:generation_tokens_total{engine="0",model_name="m"} 8`,
		`vllm:num_requests_running{engine="0",model_name="m"} 0`, `vllm:time_to_first_token_seconds_count{engine="0",model_name="m"} 4`, "vllm:inter_token_latency_seconds_bucket"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is missing in\n%s", want, b)
		}
	}
}

// A client that hangs up frees its slot.
func TestDisconnect(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{MaxRunning: 1, TTFT: ms(1), ITL: ms(10_000)})
	c := http.Client{Timeout: 200 * time.Millisecond}
	resp, err := c.Post(url+"/v1/completions", "application/json", strings.NewReader(`{"model":"m","prompt":"p","max_tokens":50,"ignore_eos":true,"stream":true}`))
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Fatal("the stream should have been cut")
	}
	status, _, _ := post(t, url+"/v1/completions", `{"model":"m","prompt":"p","max_tokens":1}`)
	if status != 200 {
		t.Errorf("the slot was not freed: %d", status)
	}
}

// BenchmarkRequests is how fast the simulator can be driven with no latency: it must not be what limits a benchmark.
func BenchmarkRequests(b *testing.B) {
	url := serveSimulated(b, v1alpha1.Simulate{TTFT: 1, ITL: 1})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			post(b, url+"/v1/completions", `{"model":"m","prompt":"p","max_tokens":16,"ignore_eos":true,"stream":true}`)
		}
	})
}
