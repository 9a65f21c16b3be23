package simulator

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
)

func TestItSaysWhatItIs(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{})
	for path, want := range map[string]string{
		"/health": "", "/version": "+assay.simulator", "/v1/models": `"owned_by":"assay-simulator"`, "/metrics": "vllm:num_requests_running", "/nothing": "404",
	} {
		if _, h, body := get(t, url+path); h.Get("X-Assay-Simulated") != "true" || !strings.Contains(body, want) {
			t.Errorf("%s answers %v %s", path, h, body)
		}
	}
}

// Every event is sent when its token is there: the first one is read while the second is still minutes away.
func TestEventsAreFlushedOneByOne(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{TTFT: ms(1), ITL: ms(600_000)})
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	body := `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"stream":true,"max_tokens":3,"ignore_eos":true}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil || !strings.Contains(line, `"delta":{"role":"assistant","content":"`) || !strings.Contains(line, `"finish_reason":null`) {
		t.Fatalf("%v, the first event is %s", err, line)
	}
	if got := metric(t, url, "vllm:num_requests_running"); got != 1 {
		t.Errorf("%v requests run", got)
	}
	hangUp()
	eventually(t, "a client that hung up frees its place", func() bool { return metric(t, url, "vllm:num_requests_running") == 0 })
	if got := metric(t, url, "vllm:generation_tokens_total"); got != 1 {
		t.Errorf("%v tokens were counted of the one that was sent", got)
	}
}

// More than maxRunning wait, and are served in the order in which they came.
func TestQueueIsFirstInFirstOut(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{MaxRunning: 1, TTFT: ms(150), ITL: ms(1)})
	var mu sync.Mutex
	var order []int
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			post(t, url+"/v1/completions", `{"model":"m","prompt":"p","max_tokens":1}`)
			mu.Lock()
			defer mu.Unlock()
			order = append(order, i)
		})
		eventually(t, fmt.Sprintf("request %d is there", i), func() bool {
			mu.Lock()
			defer mu.Unlock()
			running := metric(t, url, "vllm:num_requests_running")
			if running > 1 {
				t.Errorf("%v requests run", running)
			}
			return len(order)+int(metric(t, url, "vllm:num_requests_waiting")+running) > i
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]int{0, 1, 2, 3}, order); diff != "" {
		t.Error(diff)
	}
}

// The share of failures is the declared one, and the same seed fails the same requests.
func TestFailuresAreSeeded(t *testing.T) {
	failed := func(seed int64) (out []bool) {
		url := serveSimulated(t, v1alpha1.Simulate{TTFT: 1, ITL: 1, FailureRate: 0.3, Seed: seed})
		for range 400 {
			status, _, _ := post(t, url+"/v1/completions", `{"model":"m","prompt":"p","max_tokens":1}`)
			out = append(out, status == http.StatusInternalServerError)
		}
		return out
	}
	first, n := failed(1), 0
	for _, f := range first {
		if f {
			n++
		}
	}
	if n < 80 || n > 160 { // 4 standard deviations around 120
		t.Errorf("%d of 400 failed at a rate of 0.3", n)
	}
	if diff := cmp.Diff(first, failed(1)); diff != "" {
		t.Errorf("the same seed: %s", diff)
	}
	if cmp.Equal(first, failed(2)) {
		t.Error("another seed fails the same requests")
	}
}

func TestLatencyModel(t *testing.T) {
	s := New(Config{Model: "m", Simulate: v1alpha1.Simulate{TTFT: ms(100), PrefillPerToken: ms(2), ITL: ms(10), LoadFactor: 0.5, MaxRunning: 4}})
	r := rand.New(rand.NewPCG(1, 1))
	if got, want := s.firstToken(r, 50), 200*time.Millisecond; got != want {
		t.Errorf("first token after %s, want %s", got, want)
	}
	for running, want := range []time.Duration{10, 10, 15, 20} {
		if got := s.nextToken(r); got != want*time.Millisecond {
			t.Errorf("with %d running the next token comes after %s, want %dms", running, got, want)
		}
		s.slots <- struct{}{}
	}
	var sum time.Duration
	low, high := time.Hour, time.Duration(0)
	for range 1000 {
		d := spread(r, ms(10), ms(20))
		low, high, sum = min(low, d), max(high, d), sum+d
	}
	if low != 0 || high < 40*time.Millisecond || sum < 12*1000*time.Millisecond {
		t.Errorf("a wide spread gives %s to %s, %s on average; it is cut at 0", low, high, sum/1000)
	}
}

// The fields of a request, and their effects.
func TestRequests(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{TTFT: 1, ITL: 1})
	for name, tc := range map[string]struct {
		chat   bool
		fields string
		status int
		want   string // in the body
	}{
		"token ids":              {false, `"prompt":[1,2,3,4,5],"max_tokens":2`, 200, `"prompt_tokens":5,`},
		"one prompt in a list":   {false, `"prompt":["abcdefgh"],"max_tokens":2`, 200, `"prompt_tokens":2,`},
		"no prompt":              {false, `"max_tokens":2`, 400, "prompt is required"},
		"two prompts":            {false, `"prompt":["a","b"]`, 400, "one prompt a request"},
		"two answers":            {false, `"prompt":"a","n":2`, 400, "not n: 2"},
		"nulls":                  {false, `"prompt":"a","max_tokens":null,"guided_json":null,"structured_outputs":null,"response_format":null,"seed":null`, 200, `"text":"`},
		"at least":               {false, `"prompt":"a","max_tokens":9,"min_tokens":9`, 200, `"completion_tokens":9,`},
		"too much at least":      {false, `"prompt":"a","max_tokens":9,"min_tokens":10`, 400, "min_tokens must be"},
		"far too much":           {false, `"prompt":"a","max_tokens":1000000000`, 400, "max_tokens must be"},
		"max_completion_tokens":  {true, `"messages":[{"role":"user","content":"a"}],"max_completion_tokens":3,"ignore_eos":true`, 200, `"completion_tokens":3,`},
		"no messages":            {true, `"prompt":"a"`, 400, "messages is required"},
		"a picture":              {true, `"messages":[{"role":"user","content":[{"type":"image_url"}]}]`, 400, `a part of type \"image_url\"`},
		"null around json":       {false, `"prompt":"a","structured_outputs":{"json":null,"choice":["yes"]}`, 200, `"text":"yes"`},
		"json_object":            {false, `"prompt":"a","max_tokens":100,"response_format":{"type":"json_object"}`, 200, `"text":"{\"`},
		"json_object, vLLM's":    {false, `"prompt":"a","max_tokens":100,"structured_outputs":{"json_object":true}`, 200, `"text":"{\"`},
		"free text":              {true, `"messages":[{"role":"user","content":"a"}],"response_format":{"type":"text"},"max_tokens":2`, 200, `"role":"assistant"`},
		"unknown format":         {false, `"prompt":"a","response_format":{"type":"structural_tag"}`, 400, "is not one of"},
		"no schema":              {false, `"prompt":"a","response_format":{"type":"json_schema"}`, 400, "schema is missing"},
		"two constraints":        {false, `"prompt":"a","structured_outputs":{"regex":"a","choice":["b"]}`, 400, "exactly one"},
		"wrong constraint":       {false, `"prompt":"a","structured_outputs":{"regex":1}`, 400, "structured_outputs: "},
		"nothing can be said":    {false, `"prompt":"a","guided_json":{"type":"integer","multipleOf":3}`, 400, "multipleOf"},
		"an empty answer":        {false, `"prompt":"a","guided_regex":"x{0}"`, 200, `"text":"","logprobs":null,"finish_reason":"stop"`},
		"sampling has no effect": {false, `"prompt":"a","temperature":0.3,"top_p":0.5,"logprobs":3,"stop":["e"]`, 200, `"finish_reason":"stop"`},
	} {
		path := "/v1/completions"
		if tc.chat {
			path = "/v1/chat/completions"
		}
		if status, _, body := post(t, url+path, `{"model":"m",`+tc.fields+`}`); status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s: %d %s; want %d and %s", name, status, body, tc.status, tc.want)
		}
	}
}

// The same seeds and prompt give the same text, others another one.
func TestDeterminism(t *testing.T) {
	say := func(serverSeed int64, prompt string, requestSeed int) string {
		url := serveSimulated(t, v1alpha1.Simulate{TTFT: 1, ITL: 1, Seed: serverSeed})
		_, _, body := post(t, url+"/v1/completions", fmt.Sprintf(`{"model":"m","prompt":%q,"seed":%d,"max_tokens":20}`, prompt, requestSeed))
		var a answer
		if err := json.Unmarshal([]byte(body), &a); err != nil || len(a.Choices) != 1 {
			t.Fatal(err, body)
		}
		return a.Choices[0].Text
	}
	seen := map[string]bool{say(1, "a", 1): true}
	if !seen[say(1, "a", 1)] {
		t.Error("the same question is answered in another way")
	}
	for _, other := range []string{say(2, "a", 1), say(1, "b", 1), say(1, "a", 2)} {
		if seen[other] {
			t.Errorf("another seed or prompt gives %q again", other)
		}
		seen[other] = true
	}
}

func TestPrefixHits(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{TTFT: 1, ITL: 1})
	shared := strings.Repeat("once upon a time ", 20)[:4*prefixBlock]
	for i, tail := range []string{"there", "was"} {
		post(t, url+"/v1/completions", fmt.Sprintf(`{"model":"m","prompt":%q,"max_tokens":1}`, shared+tail))
		if got, want := metric(t, url, "vllm:prefix_cache_hits_total"), float64(i*4*16); got != want {
			t.Errorf("after request %d %v tokens were hits, want %v", i, got, want)
		}
	}
	if got, want := metric(t, url, "vllm:prefix_cache_queries_total"), float64(66+65); got != want {
		t.Errorf("%v tokens were looked up, want %v", got, want)
	}
}

// The names that dashboards and the planner rely on.
func TestMetricNames(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{TTFT: 1, ITL: 1})
	post(t, url+"/v1/completions", `{"model":"m","prompt":"abcd","max_tokens":3,"ignore_eos":true}`)
	for name, want := range map[string]float64{
		"num_requests_running": 0, "num_requests_waiting": 0, "kv_cache_usage_perc": 0, "prompt_tokens_total": 1, "generation_tokens_total": 3,
		"prefix_cache_hits_total": 0, "prefix_cache_queries_total": 1, "request_success_total": 1,
		"time_to_first_token_seconds_count": 1, "inter_token_latency_seconds_count": 2, "time_per_output_token_seconds_count": 2, "e2e_request_latency_seconds_count": 1,
		"request_queue_time_seconds_count": 1, "request_inference_time_seconds_count": 1, "request_prefill_time_seconds_count": 1, "request_decode_time_seconds_count": 1,
		"request_prompt_tokens_sum": 1, "request_generation_tokens_sum": 3,
	} {
		eventually(t, fmt.Sprintf("vllm:%s becomes %v", name, want), func() bool { return metric(t, url, "vllm:"+name) == want })
	}
}

func TestListenAndServe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := ListenAndServe(t.Context(), addr, Config{Model: "m"}); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("a taken port: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- ListenAndServe(ctx, addr, Config{Model: "m"}) }()
	eventually(t, "the server answers", func() bool {
		resp, err := http.Get("http://" + addr + "/health")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it does not stop")
	}
}

// TestKey: with a key nobody gets anything without it.
func TestKey(t *testing.T) {
	s := New(Config{Model: "m", Key: "k1"})
	for _, path := range []string{"/v1/models", "/health", "/version", "/metrics", "/nowhere"} {
		for _, key := range []string{"", "Bearer k", "Bearer k11", "k1"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("Authorization", key)
			w := httptest.NewRecorder()
			if s.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
				t.Errorf("%s with %q: %d", path, key, w.Code)
			}
		}
	}
	for path, key := range map[string]string{"/v1/models": "Bearer k1", "/health": "Bearer k1", "/metrics": "Bearer k1"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Authorization", key)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Errorf("%s with %q: %d", path, key, w.Code)
		}
	}
}
