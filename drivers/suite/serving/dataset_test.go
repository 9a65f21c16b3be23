package serving

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/drivers/constraint"
	"assay/drivers/suite/loadgen/sse"
)

var datasets = []string{"json", "json-unique", "grammar", "regex", "choice"}

// Request i of a seed is always the same, prompts never repeat, and another seed gives others.
func TestPromptsVary(t *testing.T) {
	for _, name := range datasets {
		a, err := newDataset(name, 1)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := newDataset(name, 1)
		other, _ := newDataset(name, 2)
		seen, same := map[string]bool{}, 0
		for i := range 2000 {
			q := a.request(i)
			prompt := q.text()
			if again := b.request(i); !cmp.Equal(q, again, cmp.AllowUnexported(question{})) {
				t.Fatalf("%s: request %d is not the same twice", name, i)
			}
			if other.request(i).text() == prompt {
				same++
			}
			if seen[prompt] {
				t.Fatalf("%s: prompt %d repeats: %s", name, i, prompt)
			}
			seen[prompt] = true
		}
		if same > 20 {
			t.Errorf("%s: %d of 2000 prompts do not depend on the seed", name, same)
		}
	}
}

// Every constraint compiles; what is made for it complies, and is a violation of the canary, and the other way round.
func TestConstraints(t *testing.T) {
	for _, name := range datasets {
		d, err := newDataset(name, 3)
		if err != nil {
			t.Fatal(err)
		}
		s, err := newScorer(d)
		if err != nil {
			t.Fatal(err)
		}
		canary := compile(t, d.canary("abcdefghijkl"))
		for i := range 20 {
			c := d.request(i).held
			text := generate(t, compile(t, c))
			if v, err := s.judge(i, sse.Answer{Text: []byte(text), Finish: "stop"}); err != nil || v != compliant {
				t.Errorf("%s: %q is %s, %v", name, text, v, err)
			}
			if canary.Check(text) == nil {
				t.Errorf("%s: %q passes the canary", name, text)
			}
		}
		if text := generate(t, canary); canary.Check(text) != nil {
			t.Errorf("%s: %q does not pass its own canary", name, text)
		}
		if canary.Check("The Rhine, the Danube and the Loire rise in the Alps, in the Black Forest and in the Cevennes.") == nil {
			t.Errorf("%s: an honest answer passes the canary", name)
		}
	}
}

func TestUniqueSchemas(t *testing.T) {
	d, _ := newDataset("json-unique", 3)
	seen := map[string]bool{}
	for i := range 500 {
		c := d.request(i).held
		seen[string(c.JSON)] = true
	}
	if len(seen) != 500 {
		t.Errorf("500 requests have %d schemas", len(seen))
	}
}

func TestCandidates(t *testing.T) {
	for version, first := range map[string]dialect{
		"0.10.2": guided, "v0.9.1": guided, "0.11.0rc1": guided, "0.12.0": structuredOutputs, "0.13.1.dev3+g1": structuredOutputs,
		"1.0.0": structuredOutputs, "": structuredOutputs, "unknown": structuredOutputs, "0.12.0+assay.simulator": structuredOutputs,
	} {
		if got := (server{version: version}).candidates(); got[0] != first || len(got) != 4 {
			t.Errorf("%q: %v", version, got)
		}
	}
}

func compile(t *testing.T, c constraint.Constraint) *constraint.Compiled {
	t.Helper()
	compiled, err := constraint.Compile(c)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func generate(t *testing.T, c *constraint.Compiled) string {
	t.Helper()
	text, err := c.Generate(rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
