package serving

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/drivers/suite"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Lengths are drawn around the mean, in the words per token that the server has, and with room for what it adds.
func TestRandom(t *testing.T) {
	d, err := freeText(&v1alpha1.Serving{Dataset: "random", InputTokens: 100, OutputTokens: 50, RangeRatio: 0.5, Prompts: 500}, 3)
	if err != nil {
		t.Fatal(err)
	}
	d.tag, d.lexicon.WordsPerToken, d.lexicon.Overhead = "[tag] ", 0.5, 10
	in, out, seen := 0.0, 0.0, map[string]bool{}
	const n = 500
	for i := range n {
		q := d.request(i)
		prompt, tokens := q.text(), q.out
		words := len(strings.Fields(prompt)) - 1 // the tag
		if words < 20 || words > 70 || tokens < 25 || tokens > 75 || !strings.HasPrefix(prompt, "[tag] ") {
			t.Fatalf("request %d: %d words in, %d tokens out: %q", i, words, tokens, prompt)
		}
		if asked, _ := d.lengths(i); words != (asked-10+1)/2 {
			t.Errorf("request %d: %d words for %d tokens", i, words, asked)
		}
		in, out, seen[prompt] = in+float64(words), out+float64(tokens), true
	}
	if math.Abs(in/n-45) > 3 || math.Abs(out/n-50) > 3 || len(seen) != n {
		t.Errorf("means %v in, %v out; %d different", in/n, out/n, len(seen))
	}
}

// As many prefixes as asked for, each shared by its share of the requests, with ends of their own.
func TestSharedPrefix(t *testing.T) {
	d, err := freeText(&v1alpha1.Serving{Dataset: "shared-prefix", InputTokens: 5, PrefixTokens: 40, Prefixes: 3, OutputTokens: 9, Prompts: 30}, 3)
	if err != nil {
		t.Fatal(err)
	}
	prefixes, whole := map[string]int{}, map[string]bool{}
	for i := range 30 {
		prompt := d.request(i).text()
		words := strings.Fields(prompt)
		if len(words) != 45 {
			t.Fatalf("%d words", len(words))
		}
		prefixes[strings.Join(words[:40], " ")]++
		whole[prompt] = true
	}
	if len(prefixes) != 3 || len(whole) != 30 {
		t.Errorf("%d prefixes, %d prompts", len(prefixes), len(whole))
	}
}

func TestFiles(t *testing.T) {
	custom := `{"prompt": "one", "output_tokens": 7}` + "\n\n" + `{"prompt": "two"}` + "\n"
	trace := `{"timestamp": 1000, "input_length": 4, "output_length": 2}` + "\n" + `{"timestamp": 1250.5, "input_length": 3, "output_length": 1}`
	for _, test := range []struct {
		set, text string
		want      []entry
	}{
		{"custom", custom, []entry{{text: "one", out: 7}, {text: "two", out: 99}}},
		{"timed-trace", trace, []entry{{in: 4, out: 2}, {in: 3, out: 1, at: 250500 * time.Microsecond}}},
	} {
		d, err := freeText(&v1alpha1.Serving{Dataset: test.set, File: file(t, test.text), OutputTokens: 99}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.entries) != len(test.want) {
			t.Fatalf("%s: %+v", test.set, d.entries)
		}
		for i, e := range test.want {
			if diff := cmp.Diff(e, d.entries[i], cmp.AllowUnexported(entry{})); diff != "" {
				t.Errorf("%s: entry %d: %s", test.set, i, diff)
			}
		}
	}
	for set, bad := range map[string][]string{
		"custom":      {"", "{}", `{"prompt":"x"}` + "\n{"},
		"sharegpt":    {"[]", "{", `[{"conversations":[]}]`},
		"timed-trace": {`{"timestamp":-1,"input_length":1,"output_length":1}`, `{"input_length":1,"output_length":1}`, trace + "\n" + `{"timestamp":0,"input_length":1,"output_length":1}`},
	} {
		for _, text := range bad {
			if _, err := freeText(&v1alpha1.Serving{Dataset: set, File: file(t, text), OutputTokens: 9}, 1); err == nil || !strings.Contains(err.Error(), "data") {
				t.Errorf("%s %q: %v", set, text, err)
			}
		}
	}
	if _, err := freeText(&v1alpha1.Serving{Dataset: "custom", File: "/does/not/exist"}, 1); err == nil {
		t.Error("a file that is not there")
	}
}

// A warm-up never begins like a request, so that it leaves no prefix behind.
func TestWarmUpsShareNothing(t *testing.T) {
	for _, v := range []*v1alpha1.Serving{
		{Dataset: "custom", File: file(t, `{"prompt": "the only one"}`), OutputTokens: 1},
		{Dataset: "shared-prefix", InputTokens: 4, PrefixTokens: 9, Prefixes: 1, OutputTokens: 1},
		{Dataset: "random", InputTokens: 4, OutputTokens: 1},
	} {
		d, err := freeText(v, 1)
		if err != nil {
			t.Fatal(err)
		}
		measured := d.request(0).text()
		warm := d.request(-1).text()
		if warm[:4] == measured[:4] {
			t.Errorf("%s: %q and %q", v.Dataset, warm, measured)
		}
	}
}

// The rate at each request of a ramp is the one that is meant.
func TestRamp(t *testing.T) {
	for _, strategy := range []string{"linear", "exponential"} {
		at := ramp(suite.Rand(1, "r"), 101, v1alpha1.RampUp{Strategy: strategy, From: 10, To: 1000}, math.Inf(1))
		rate := func(i int) float64 { return 1 / (at[i] - at[i-1]).Seconds() }
		middle := map[string]float64{"linear": 505, "exponential": 100}[strategy]
		for i, want := range map[int]float64{50: middle, 100: 1000} {
			if math.Abs(rate(i)-want) > 0.01*want {
				t.Errorf("%s: the rate at request %d is %v, want %v", strategy, i, rate(i), want)
			}
		}
		if math.Abs(at[0].Seconds()-0.1) > 1e-9 {
			t.Errorf("%s: the first goes at %v", strategy, at[0])
		}
	}
}

// Stages follow one another; each is as long as its requests at its rate.
func TestStages(t *testing.T) {
	v := &v1alpha1.Serving{Dataset: "random", Prompts: 30, Burstiness: 1, Stages: []v1alpha1.Stage{{Rate: 10, Prompts: 10}, {Rate: 100, Prompts: 20}}}
	at := schedule(v, nil, suite.Rand(1, "r"))
	if len(at) != 30 || at[9] != time.Second || at[29] != 1200*time.Millisecond || at[10] < at[9] {
		t.Errorf("%v", at)
	}
}
