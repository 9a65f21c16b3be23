package serving

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
)

// TestMersenne compares with Python 3: random.seed(s), random.shuffle(list(range(n))), random.choice.
func TestMersenne(t *testing.T) {
	for _, test := range []struct {
		seed  int64
		n     int
		first []int
	}{
		{0, 12, []int{1, 9, 8, 5, 10, 2, 3, 7, 4, 0, 11, 6}},
		{1<<40 + 7, 1000, []int{612, 556, 729, 117, 273, 379, 661, 186, 930, 477}},
	} {
		got := make([]int, test.n)
		for i := range got {
			got[i] = i
		}
		newMersenne(test.seed).shuffle(test.n, func(i, j int) { got[i], got[j] = got[j], got[i] })
		if diff := cmp.Diff(test.first, got[:len(test.first)]); diff != "" {
			t.Errorf("seed %d: %s", test.seed, diff)
		}
	}
	m, choices := newMersenne(3), []int{}
	for range 12 {
		choices = append(choices, m.below(7))
	}
	if diff := cmp.Diff([]int{1, 4, 4, 1, 2, 4, 3, 5, 4, 0, 4, 0}, choices); diff != "" {
		t.Error(diff)
	}
}

// someConversations are n of sharegpt, with prompts and answers of many lengths, and some that vLLM leaves out.
func someConversations(n int) string {
	type turn struct {
		From  string `json:"from"`
		Value string `json:"value"`
	}
	var all []any
	for i := range n {
		turns := []turn{{"human", strings.Repeat("ask ", 1+i*7%60) + fmt.Sprint("q", i)}, {"gpt", strings.Repeat("answer ", 1+i*11%90)}}
		switch i % 10 {
		case 3:
			turns = turns[:1] // alone
		case 5:
			turns[1].Value = "yes" // shorter than four tokens
		case 7:
			turns[0].Value = strings.Repeat("much ", 1100)
		}
		all = append(all, map[string]any{"id": i, "conversations": turns})
	}
	b, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestShareGPT: the conversations that vLLM takes with this seed, in its order, each with the length of its own answer by the
// server's tokenizer; and outputTokens where the manifest has it.
func TestShareGPT(t *testing.T) {
	path := file(t, someConversations(40))
	for _, given := range []int{0, 2} {
		h := &honest{tokenizer: true}
		res, _, err := measure(t, free(func(v *v1alpha1.Serving) {
			v.Dataset, v.File, v.InputTokens, v.OutputTokens, v.Prompts, v.IgnoreEOS = "sharegpt", path, 0, given, 24, nil
		}), serveHandler(t, h))
		if err != nil {
			t.Fatal(err)
		}
		// by hand, as vllm/benchmarks/datasets.py has it
		order := make([]int, 0, 40)
		for i := range 40 {
			if i%10 != 3 {
				order = append(order, i)
			}
		}
		newMersenne(11).shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		want := map[string]float64{}
		for _, i := range order {
			out := 1 + 1 + i*11%90 // a begin mark and the words
			if given > 0 {
				out = given
			}
			if i%10 != 7 && (given > 0 || i%10 != 5 && out >= 4) && 2+i*7%60+2 >= 4 && len(want) < 24 {
				want[fmt.Sprint(" q", i)] = float64(out)
			}
		}
		seen := 0
		for k, b := range h.bodies {
			if id := h.headers[k].Get("X-Request-Id"); strings.Count(id, "-") != 1 || strings.Contains(id, "calibration") || strings.Contains(id, "repeat") {
				continue
			}
			prompt := b["prompt"].(string)
			seen++
			if most, ok := want[prompt[strings.LastIndex(prompt, " q"):]]; !ok || b["max_tokens"] != most {
				t.Errorf("outputTokens %d: %.30q has max_tokens %v, want %v", given, prompt, b["max_tokens"], most)
			}
		}
		if seen != 24 {
			t.Errorf("%d requests of %d usable", seen, len(want))
		}
		if got := res.Versions["lengths"]; got != "counted by the server's /tokenize" {
			t.Error(got)
		}
	}
}

// TestShareGPTOversampled: more prompts than usable conversations take further ones among them, and without /tokenize the result
// says that lengths are estimated.
func TestShareGPTOversampled(t *testing.T) {
	h := &honest{}
	res, _, err := measure(t, free(func(v *v1alpha1.Serving) {
		v.Dataset, v.File, v.InputTokens, v.OutputTokens, v.Prompts, v.IgnoreEOS = "sharegpt", file(t, someConversations(12)), 0, 0, 30, nil
	}), serveHandler(t, h))
	if err != nil || res.Metrics["completed"] != 30 || !strings.Contains(res.Versions["lengths"], "estimated") {
		t.Errorf("%v, %v completed, %s", err, res.Metrics["completed"], res.Versions["lengths"])
	}
	for _, bad := range []string{"[]", "{", `[{"conversations":[]}]`, `[{"conversations":[{"value":"x"},{"value":"y"}]}`} {
		if _, err := freeText(&v1alpha1.Serving{Dataset: "sharegpt", File: file(t, bad)}, 1); err == nil || !strings.Contains(err.Error(), "data set") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	_, _, err = measure(t, free(func(v *v1alpha1.Serving) {
		v.Dataset, v.File, v.InputTokens, v.OutputTokens = "sharegpt", file(t, `[{"conversations":[{"value":"x"},{"value":"y"}]}]`), 0, 0
	}), serveHandler(t, h))
	if err == nil || !strings.Contains(err.Error(), "no conversation with a prompt of 4 to 1024 tokens") {
		t.Errorf("%v", err)
	}
}

// TestTraces reads the forms of traces that are published.
func TestTraces(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []entry
	}{
		"BurstGPT": {"Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45.5,GPT-4,1087,0,1087,Conversation log\n118,GPT-4,417,276,693,API log\n",
			[]entry{{in: 472, out: 18}, {in: 417, out: 276, at: 113 * time.Second}}},
		"Azure 2023": {"TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0319600,3180,8\r\n",
			[]entry{{in: 4808, out: 10}, {in: 3180, out: 8, at: 52 * time.Millisecond}}},
		"Azure 2024": {"TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 00:00:01.009930+00:00,9,7\n",
			[]entry{{in: 2162, out: 5}, {in: 9, out: 7, at: time.Second}}},
		"Mooncake": {`{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 2353, 2354]}` + "\n" +
			`{"timestamp": 30535, "input_length": 600, "output_length": 26, "hash_ids": [46, 2366]}` + "\n",
			[]entry{{in: 6955, out: 52, blocks: []int64{46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 2353, 2354}}, {in: 600, out: 26, blocks: []int64{46, 2366}, at: 3053 * time.Millisecond}}},
	} {
		got, size, err := readTrace(strings.NewReader(test.text))
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(entry{})); err != nil || diff != "" || size != 512 {
			t.Errorf("%s: blocks of %d, %v\n%s", name, size, err, diff)
		}
	}
	for text, want := range map[string]string{
		"a,b\n1,2\n": "none of BurstGPT",
		"Timestamp,Request tokens,Response tokens\nsoon,1,1\n":                                      "line 2",
		"Timestamp,Request tokens,Response tokens\n1,x,1\n":                                         "line 2",
		"Timestamp,Request tokens,Response tokens\n1,1\n":                                           "fields",
		"Timestamp,Request tokens,Response tokens\n9,1,1\n1,1,1\n":                                  "request 2",
		`{"timestamp": 1, "input_length": 600, "output_length": 26, "hash_ids": [46]}`:              "no blocks",
		`{"timestamp": -1, "input_length": 600, "output_length": 26}`:                               "needs timestamp",
		`{"timestamp": 1e300, "input_length": 600, "output_length": 26}`:                            "needs timestamp",
		"Timestamp,Request tokens,Response tokens\n1e300,1,1\n":                                     "no time",
		`{"timestamp": 1, "input_length": 17, "output_length": 26, "hash_ids": [1, 2, 3, 4, 5, 6]}`: "no blocks",
	} {
		if _, _, err := readTrace(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestBlocks: requests of a trace share the tokens of their equal blocks, and only those, by the server's own cache of blocks.
func TestBlocks(t *testing.T) {
	trace := ""
	for i, ids := range [][]int{{1, 2, 3}, {1, 2, 4}, {1, 5, 6}, {7, 2, 3}} {
		b, _ := json.Marshal(map[string]any{"timestamp": i, "input_length": 1200, "output_length": 2, "hash_ids": ids})
		trace += string(b) + "\n"
	}
	h := &honest{tokenizer: true}
	if _, _, err := measure(t, free(func(v *v1alpha1.Serving) {
		v.Dataset, v.File, v.InputTokens, v.Prompts, v.Concurrency = "timed-trace", file(t, trace), 0, 4, 0
	}), serveHandler(t, h)); err != nil {
		t.Fatal(err)
	}
	prompts := make([][]string, 4)
	for i, p := range h.prompts {
		var k int
		if n, _ := fmt.Sscanf(h.headers[i].Get("X-Request-Id"), "r-%d", &k); n == 1 {
			prompts[k] = strings.Fields(p)
			if h.counts[i] != 1200 {
				t.Errorf("request %d has %d tokens", k, h.counts[i])
			}
		}
	}
	common := func(a, b []string) (n int) {
		for n < len(a) && n < len(b) && a[n] == b[n] {
			n++
		}
		return n
	}
	overhead := 1200 - len(prompts[0])
	for _, test := range []struct{ a, b, blocks int }{{0, 1, 2}, {0, 2, 1}, {1, 2, 1}} {
		n := common(prompts[test.a], prompts[test.b]) + overhead
		if n < 512*test.blocks || n > 512*test.blocks+8 {
			t.Errorf("requests %d and %d begin with the same %d tokens, want %d", test.a, test.b, n, 512*test.blocks)
		}
	}
	if n := common(prompts[0], prompts[3]); n > 8 {
		t.Errorf("requests 0 and 3 begin with the same %d words", n)
	}
	if !slices.Equal(prompts[0][512-overhead:], prompts[3][512-overhead:]) {
		t.Error("equal blocks behind another one are not equal")
	}
}
