package constraint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Whatever the random numbers, what is generated satisfies the schema, formats included, as the validator sees it that
// knows nothing of generating.
func TestGeneratedJSON(t *testing.T) {
	for name, source := range map[string]string{
		"open":            `{}`,
		"free object":     `{"type":"object"}`,
		"fractions":       `{"type":"array","minItems":2,"items":{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1}}`,
		"between":         `{"type":"integer","exclusiveMinimum":0.5,"exclusiveMaximum":3}`,
		"below":           `{"type":"integer","maximum":-1000}`,
		"huge":            `{"type":"integer","minimum":1e12,"maximum":1e18}`,
		"lengths":         `{"type":"string","minLength":40,"maxLength":41}`,
		"short":           `{"type":"string","maxLength":1}`,
		"pattern, length": `{"type":"string","pattern":"^[ab]+$","minLength":3}`,
		"union":           `{"type":["string","null","boolean"]}`,
		"implied":         `{"properties":{"n":{"minimum":7},"l":{"items":{"const":1}}},"required":["n","l"]}`,
		"tuple":           `{"type":"array","prefixItems":[{"type":"null"},{"type":"boolean"}],"items":false,"minItems":2}`,
		"map":             `{"type":"object","additionalProperties":{"type":"integer"},"minProperties":4}`,
		"not a property":  `{"type":"object","required":["x"],"additionalProperties":{"type":"null"}}`,
		"one of":          `{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"null"}]}`,
		"one that can":    `{"anyOf":[{"not":{}},{"type":"boolean"}]}`,
		"list": `{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","required":["value","next"],"properties":{
			"value":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}}}}}`,
		"tree": `{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#"}}},"required":["children"]}`,
		"formats": `{"type":"object","required":["a","b","c","d","e","f","g","h"],"properties":{"a":{"format":"email"},"b":{"format":"date"},
			"c":{"format":"time"},"d":{"format":"date-time"},"e":{"format":"uri"},"f":{"format":"hostname"},"g":{"format":"ipv4"},"h":{"format":"uuid"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			strict := strictly(t, source)
			k := compile(t, Constraint{JSON: json.RawMessage(source)})
			for seed := range uint64(200) {
				text, err := k.Generate(rand.New(rand.NewPCG(seed, 1)))
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
				if err == nil {
					err = strict.Validate(v)
				}
				if err != nil {
					t.Fatalf("seed %d: %s: %v", seed, text, err)
				}
			}
		})
	}
}

// strictly compiles a schema with formats asserted.
func strictly(t *testing.T, source string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(source)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("s.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("s.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What cannot be generated is checked all the same, and says why it cannot.
func TestGenerateRefuses(t *testing.T) {
	for source, why := range map[string]string{
		`{"type":"integer","multipleOf":7}`:                                  "multipleOf",
		`{"allOf":[{"minimum":1},{"maximum":2}]}`:                            "allOf",
		`{"type":"integer","minimum":3,"maximum":2}`:                         "exclude each other",
		`{"type":"object","required":["x"],"properties":{"x":{"$ref":"#"}}}`: "too deep",
		`{"anyOf":[{"$ref":"#"},{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}]}`:    "too deep",
	} {
		k := compile(t, Constraint{JSON: json.RawMessage(source)})
		text, err := k.Generate(rand.New(rand.NewPCG(1, 1)))
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s gives %q, %v; want an error about %s", source, text, err, why)
		}
	}
	doubling := "root ::= r0\n"
	for i := range 40 {
		doubling += fmt.Sprintf("r%d ::= r%d r%d\n", i, i+1, i+1)
	}
	k := compile(t, Constraint{Grammar: doubling + `r40 ::= "a"`})
	if text, err := k.Generate(rand.New(rand.NewPCG(1, 1))); err == nil {
		t.Errorf("2^40 characters were generated: %d", len(text))
	}
}

// Spoiled outputs are found out.
func TestMutatedJSONFails(t *testing.T) {
	k := compile(t, Constraint{JSON: json.RawMessage(person)})
	for seed := range uint64(100) {
		text, err := k.Generate(rand.New(rand.NewPCG(seed, 2)))
		if err != nil {
			t.Fatal(err)
		}
		for name, spoiled := range map[string]string{
			"renamed":  strings.Replace(text, `"name"`, `"nom"`, 1),
			"retyped":  strings.Replace(text, `"age":`, `"age":-1`, 1),
			"cut":      text[:len(text)-1],
			"doubled":  text + text,
			"unquoted": strings.Replace(text, `"`, ``, 1),
		} {
			if k.Check(spoiled) == nil {
				t.Errorf("%s: %s was accepted", name, spoiled)
			}
		}
	}
}
