package serving

import (
	"fmt"
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

const evalLines = `{"prompt": [{"role": "system", "content": "Answer in JSON: {\"title\": \"Boat\", \"type\": \"object\"}"}, {"role": "user", "content": "A green boat with two masts."}], "completion": "{}", "schema": "{\"title\": \"Boat\", \"type\": \"object\", \"properties\": {\"colour\": {\"type\": \"string\"}, \"masts\": {\"type\": \"integer\"}}, \"required\": [\"masts\"]}"}

{"prompt": [{"role": "user", "content": "Is it raining?"}], "schema": {"type": "object", "properties": {"rain": {"type": "boolean"}}, "required": ["rain"]}}
`

// evalFile holds n rows that differ.
func evalFile(t *testing.T, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"prompt": [{"role": "user", "content": "Describe boat %d."}], "schema": "{\"type\": \"object\", \"properties\": {\"boat_%[1]d\": {\"type\": \"string\"}}, \"required\": [\"boat_%[1]d\"]}"}`+"\n", i)
	}
	return file(t, b.String())
}

func TestEvalRowsBecomeConversationsUnderTheirSchemas(t *testing.T) {
	d, err := openDataset(&v1alpha1.Serving{Dataset: "xgrammar_bench", File: file(t, evalLines)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	d.tag = "[run] "
	q, again := d.request(0), d.request(2) // two rows: the third request is the first again
	if len(q.turns) != 2 || q.turns[0].Role != "system" || !strings.HasPrefix(q.turns[0].Content, "[run] Answer") ||
		q.turns[1].Content != "A green boat with two masts." {
		t.Errorf("request 0 is %+v", q)
	}
	if again.text() != q.text() {
		t.Errorf("request 2 asks %q", again.text())
	}
	if !strings.Contains(string(q.held.JSON), "masts") || !strings.Contains(string(d.request(1).held.JSON), "rain") {
		t.Errorf("the schemas are %s and %s", q.held.JSON, d.request(1).held.JSON)
	}
}

func TestEvalRowsThatCannotBeScoredAreRefusedByLine(t *testing.T) {
	for text, want := range map[string]string{
		`{"prompt": [{"role": "user", "content": "x"}], "schema": "{\"type\": 7}"}`: "line 1: its schema",
		"\n" + `{"prompt": [], "schema": "{}"}`:                                     "line 2: needs prompt",
		`{"prompt": "x", "schema": "{}"}`:                                           "line 1",
		"":                                                                          "no row",
	} {
		if _, err := openDataset(&v1alpha1.Serving{Dataset: "xgrammar_bench", File: file(t, text)}, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
