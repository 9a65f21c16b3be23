package serving

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"assay/drivers/constraint"
	"assay/drivers/suite"
)

// dataset makes the prompts of one data set and the constraint that each answer is held to. Request i of a seed is
// always the same but for the run's tag, and no two prompts of a run are equal: they hold a number of their own.
type dataset struct {
	name   string
	seed   int64
	prompt func(r *rand.Rand) string
	shared constraint.Constraint // of every request; unless own is set
	own    func(i int, r *rand.Rand) constraint.Constraint
	canary func(word string) constraint.Constraint // the same kind of constraint, which only word satisfies

	free          bool // no constraint; entry says what to ask
	entry         func(i int, r *rand.Rand) entry
	entries       []entry // of a file
	wordsPerToken float64 // of the server's tokenizer
	tag           string  // begins every prompt of a run, so that no other run's prefixes are found in the server's cache
}

// request gives the prompt and the constraint of request i, and how many tokens it asks for (0 leaves it to the run).
// Warm-up requests have negative numbers, and a beginning of their own: they warm the server, not its cache of prefixes.
func (d *dataset) request(i int) (prompt string, c constraint.Constraint, out int) {
	tag := d.tag
	if i < 0 {
		tag = fmt.Sprintf("[warm-up %d] %s", -i, tag)
	}
	if d.free {
		prompt, out = d.freePrompt(i)
		return tag + prompt, c, out
	}
	r := suite.Rand(d.seed, fmt.Sprintf("%s/%d", d.name, i))
	prompt, c = fmt.Sprintf("%s (Request %d.)", d.prompt(r), i), d.shared
	if d.own != nil {
		c = d.own(i, r)
	}
	if c.JSON != nil {
		prompt += "\nSchema: " + string(c.JSON)
	}
	return tag + prompt, c, 0
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
		return nil, fmt.Errorf("there is no data set %q; choose json, json-unique, grammar, regex or choice", name)
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
