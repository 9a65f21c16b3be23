package serving

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers/constraint"
	"assay/drivers/suite"
)

// dataset makes the prompts of one data set and the constraint of each answer. Request i of a seed is always the same but
// for the run's tag. No two prompts of a run are equal: each holds its number.
type dataset struct {
	name   string
	seed   int64
	prompt func(r *rand.Rand) string
	turns  func(i int) []turn    // instead of prompt
	shared constraint.Constraint // of every request; unless own is set
	own    func(i int, r *rand.Rand) constraint.Constraint
	canary func(word string) constraint.Constraint // the same kind of constraint, which only word satisfies

	free          bool // no constraints; entry makes the prompts
	entry         func(i int, r *rand.Rand) entry
	draws         bool           // entry draws lengths
	entries       []entry        // of a file
	conversations []conversation // of sharegpt; entries are chosen among them
	picked        []picked       // which of them
	estimated     bool           // their lengths are not the server's
	blockTokens   int            // of each of an entry's blocks
	prompts       int            // of the run
	lexicon       lexicon
	tag           string // begins every prompt of a run, so that no other run's prefixes are found in the server's cache
}

// question is what a request asks.
type question struct {
	turns  []turn                // mostly one, the user's
	held   constraint.Constraint // of the answer, when the request is structured
	out    int                   // tokens; 0: the run's outputTokens
	tagged bool                  // it begins with the run's tag
}

// turn is one message of a conversation.
type turn struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func ask(text string) question { return question{turns: []turn{{"user", text}}} }

// text is the conversation in one piece.
func (q question) text() string {
	var parts []string
	for _, t := range q.turns {
		parts = append(parts, t.Content)
	}
	return strings.Join(parts, "\n\n")
}

// request is request i. Warm-ups have negative numbers and a different beginning: they warm the server, not its cache of
// prefixes.
func (d *dataset) request(i int) question {
	q := d.question(i)
	tag := d.tag
	if q.tagged {
		tag = ""
	}
	if i < 0 {
		tag = fmt.Sprintf("[warm-up %d] %s", -i, tag)
	}
	q.turns = slices.Clone(q.turns)
	q.turns[0].Content = tag + q.turns[0].Content
	return q
}

func (d *dataset) question(i int) question {
	if d.free {
		return d.freeQuestion(i)
	}
	r := suite.Rand(d.seed, fmt.Sprintf("%s/%d", d.name, i))
	if d.turns != nil {
		return question{turns: d.turns(i), held: d.own(i, r)}
	}
	q := ask(fmt.Sprintf("%s (Request %d.)", d.prompt(r), i))
	q.held = d.shared
	if d.own != nil {
		q.held = d.own(i, r)
	}
	if q.held.JSON != nil {
		q.turns[0].Content += "\nSchema: " + string(q.held.JSON)
	}
	return q
}

// openDataset makes the data set of a run.
func openDataset(v *v1alpha1.Serving, seed int64) (*dataset, error) {
	switch {
	case v.FreeText():
		return freeText(v, seed)
	case v.Dataset == "xgrammar_bench":
		return evalSet(v, seed)
	}
	return newDataset(v.Dataset, seed)
}

func newDataset(name string, seed int64) (*dataset, error) {
	d := &dataset{name: name, seed: seed}
	switch name {
	case "json":
		d.prompt, d.canary = profilePrompt, canaryJSON
		d.shared = constraint.Constraint{JSON: profileSchema("")}
	case "json-unique":
		d.prompt, d.canary = profilePrompt, canaryJSON
		d.own = func(i int, r *rand.Rand) constraint.Constraint {
			return constraint.Constraint{JSON: profileSchema(fmt.Sprintf("note_%d_%08x", i, r.Uint32()))}
		}
	case "grammar":
		d.prompt = queryPrompt
		d.shared = constraint.Constraint{Grammar: queryGrammar}
		d.canary = func(w string) constraint.Constraint {
			return constraint.Constraint{Grammar: fmt.Sprintf("root ::= %q\n", w)}
		}
	case "regex":
		d.prompt = addressPrompt
		d.shared = constraint.Constraint{Regex: `\w+@\w+\.com\n`}
		d.canary = func(w string) constraint.Constraint { return constraint.Constraint{Regex: w + "[0-9]{2}"} }
	case "choice":
		d.prompt = sentimentPrompt
		d.shared = constraint.Constraint{Choice: []string{"Positive", "Negative"}}
		d.canary = func(w string) constraint.Constraint { return constraint.Constraint{Choice: []string{w, w + "x"}} }
	default:
		return nil, fmt.Errorf("unknown data set %q; choose json, json-unique, grammar, regex, choice or xgrammar_bench", name)
	}
	return d, nil
}

// queryGrammar is the small SQL language of the grammar data set.
const queryGrammar = `root ::= "SELECT " column " from " table " where " condition
column ::= "col_1" | "col_2"
table ::= "table_1" | "table_2"
condition ::= column " = " number
number ::= "1" | "2"
`

// profileSchema is the JSON schema of a user profile; extra, when not empty, is one more optional property.
func profileSchema(extra string) json.RawMessage {
	properties := map[string]any{"age": map[string]string{"type": "integer"}}
	for _, p := range []string{"name", "email", "street", "city", "state", "zip", "phone", "website", "company"} {
		properties[p] = map[string]string{"type": "string"}
	}
	if extra != "" {
		properties[extra] = map[string]string{"type": "string"}
	}
	b, err := json.Marshal(map[string]any{
		"type": "object", "properties": properties, "required": []string{"name", "email"},
	})
	if err != nil {
		panic(err) // strings and maps of strings always marshal
	}
	return b
}

func canaryJSON(word string) constraint.Constraint {
	b, err := json.Marshal(map[string]any{
		"type": "object", "properties": map[string]any{word: map[string]any{"type": "string", "enum": []string{word}}},
		"required": []string{word}, "additionalProperties": false,
	})
	if err != nil {
		panic(err) // as above
	}
	return constraint.Constraint{JSON: b}
}
