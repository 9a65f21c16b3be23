package simulator

import (
	"encoding/json"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// TestTokenize: what /tokenize counts is what usage says, with a chat's template.
func TestTokenize(t *testing.T) {
	url := serveSimulated(t, v1alpha1.Simulate{TTFT: 1, ITL: 1})
	for _, test := range []struct {
		path, prompt string
		chat         bool
	}{
		{"/v1/completions", `"prompt":"Hällo there, you"`, false},
		{"/v1/chat/completions", `"messages":[{"role":"user","content":"hello there"}]`, true},
	} {
		code, _, body := post(t, url+"/tokenize", `{"model":"m",`+test.prompt+`}`)
		var told struct {
			Count  int
			Tokens []int
		}
		if err := json.Unmarshal([]byte(body), &told); err != nil || code != 200 || len(told.Tokens) != told.Count {
			t.Fatalf("%d %s", code, body)
		}
		var a answer
		_, _, body = post(t, url+test.path, `{"model":"m","max_tokens":2,`+test.prompt+`}`)
		if err := json.Unmarshal([]byte(body), &a); err != nil || a.Usage.Prompt != told.Count || test.chat && told.Count < templateTokens+3 {
			t.Errorf("%s: counted %d, usage %+v", test.path, told.Count, a.Usage)
		}
	}
	for body, want := range map[string]int{`{"model":"other","prompt":"x"}`: 404, `{"model":"m"}`: 400, `{`: 400} {
		if code, _, text := post(t, url+"/tokenize", body); code != want || !strings.Contains(text, "error") {
			t.Errorf("%s: %d %s", body, code, text)
		}
	}
}
