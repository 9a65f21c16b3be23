package simulator

import (
	"encoding/json"
	"testing"
)

// FuzzRequest: whatever a client of the OpenAI API sends, the prompt is no longer than the request, the answer has a bound,
// and a constraint that compiles is one that was asked for.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{"model":"m","prompt":"Hä","max_tokens":5,"stream":true,"stream_options":{"include_usage":true}}`,
		`{"prompt":[1,2,3],"min_tokens":17}`, `{"prompt":["a"],"n":2}`, `{"prompt":null}`,
		`{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"}]}],"max_completion_tokens":-1}`,
		`{"prompt":"a","guided_json":{"type":"object","properties":{"a":{"type":"integer"}}}}`, `{"prompt":"a","guided_regex":"(a|b)*c{2,3}"}`,
		`{"prompt":"a","structured_outputs":{"choice":["a","b"]}}`, `{"prompt":"a","structured_outputs":{"grammar":"root ::= \"a\" | \"b\" root"}}`,
		`{"prompt":"a","response_format":{"type":"json_schema","json_schema":{"schema":{"$ref":"#"}}}}`, `{"prompt":"a","guided_json":"\"x"}`,
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, chat bool) {
		var r request
		if json.Unmarshal(body, &r) != nil {
			return
		}
		text, n, err := r.text(chat)
		if err == nil && (len(text) > 4*len(body)+4*len(r.Messages) || n < 0 || n > len(body)+2*len(r.Messages)) {
			t.Errorf("%d bytes are a prompt of %d bytes and %d tokens", len(body), len(text), n)
		}
		if n, err := r.limit(chat); err == nil && (n < 1 || n > maxTokens) {
			t.Errorf("%d tokens", n)
		}
		held, err := r.constraint()
		if held != nil && err != nil || held != nil && r.GuidedRegex == "" && r.GuidedGrammar == "" && len(r.GuidedChoice) == 0 && !given(r.GuidedJSON) && !given(r.StructuredOutputs) && r.ResponseFormat == nil {
			t.Errorf("%q is held to %+v, %v", body, held, err)
		}
	})
}
