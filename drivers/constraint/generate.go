package constraint

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// maxDepth bounds generation for schemas and grammars that refer to themselves.
const maxDepth = 12

// generator makes random values for the part of JSON Schema that structured output uses. What it cannot honour it
// refuses; its result is validated in any case.
type generator struct {
	root any
	r    *rand.Rand
}

// unsupported are keywords that change what is valid and that the generator cannot honour.
var unsupported = []string{"not", "if", "then", "else", "patternProperties", "dependentRequired", "dependentSchemas", "propertyNames", "contains", "multipleOf", "uniqueItems", "oneOf"}

func (g generator) value(node any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the schema nests deeper than %d", maxDepth)
	}
	s, ok := node.(map[string]any)
	if !ok {
		return nil, nil // true: anything
	}
	for _, k := range unsupported {
		if _, ok := s[k]; ok {
			return nil, fmt.Errorf("no output can be generated for the schema keyword %q", k)
		}
	}
	if ref, ok := s["$ref"].(string); ok {
		to, err := g.resolve(ref)
		if err != nil {
			return nil, err
		}
		return g.value(to, depth+1)
	}
	if c, ok := s["const"]; ok {
		return c, nil
	}
	for _, k := range []string{"enum", "anyOf"} {
		if list, ok := s[k].([]any); ok && len(list) > 0 {
			chosen := list[g.r.IntN(len(list))]
			if k == "enum" {
				return chosen, nil
			}
			return g.value(chosen, depth+1)
		}
	}
	if all, ok := s["allOf"].([]any); ok && len(all) == 1 {
		return g.value(all[0], depth+1)
	}
	return g.typed(s, depth)
}

func (g generator) typed(s map[string]any, depth int) (any, error) {
	typ, _ := s["type"].(string)
	if list, ok := s["type"].([]any); ok && len(list) > 0 {
		typ, _ = list[g.r.IntN(len(list))].(string)
	}
	switch typ {
	case "string":
		return g.text(s)
	case "integer":
		low, high := bounds(s)
		return low + g.r.Int64N(high-low+1), nil
	case "number":
		low, high := bounds(s)
		return float64(low) + g.r.Float64()*float64(high-low), nil
	case "boolean":
		return g.r.IntN(2) == 0, nil
	case "null":
		return nil, nil
	case "array":
		return g.array(s, depth)
	}
	return g.object(s, depth) // also without a type
}

func (g generator) object(s map[string]any, depth int) (any, error) {
	props, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	out := map[string]any{}
	names := make([]string, 0, len(props))
	for name := range props {
		names = append(names, name)
	}
	slices.Sort(names) // the same random numbers give the same output
	for _, name := range names {
		if !slices.Contains(required, any(name)) && g.r.IntN(4) == 0 {
			continue
		}
		v, err := g.value(props[name], depth+1)
		if err != nil {
			if slices.Contains(required, any(name)) {
				return nil, err
			}
			continue
		}
		out[name] = v
	}
	for _, name := range required {
		if _, ok := out[fmt.Sprint(name)]; !ok {
			out[fmt.Sprint(name)] = g.word()
		}
	}
	return out, nil
}

func (g generator) array(s map[string]any, depth int) (any, error) {
	low, high := number(s, "minItems", 0), number(s, "maxItems", -1)
	if high < 0 {
		high = low + 3
	}
	out := []any{}
	for range low + g.r.Int64N(high-low+1) {
		v, err := g.value(s["items"], depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (g generator) text(s map[string]any) (any, error) {
	if p, ok := s["pattern"].(string); ok {
		x, err := newRegex(p)
		if err != nil {
			return nil, err
		}
		return x.generate(g.r)
	}
	switch s["format"] {
	case "email":
		return g.word() + "@example.org", nil
	case "date":
		return fmt.Sprintf("20%02d-%02d-%02d", g.r.IntN(30), 1+g.r.IntN(12), 1+g.r.IntN(28)), nil
	case "date-time":
		return fmt.Sprintf("20%02d-%02d-%02dT12:00:00Z", g.r.IntN(30), 1+g.r.IntN(12), 1+g.r.IntN(28)), nil
	case "uri":
		return "https://example.org/" + g.word(), nil
	}
	low, high := number(s, "minLength", 0), number(s, "maxLength", 1<<20)
	text := g.word()
	for int64(len(text)) < low {
		text += " " + g.word()
	}
	return text[:min(int64(len(text)), high)], nil
}

var syllables = strings.Fields("ba de fi go hu ka le mi no pu ra se ti vo xu ya ze lor sum dol")

// word is a word that could be one.
func (g generator) word() string {
	var b strings.Builder
	for range 2 + g.r.IntN(3) {
		b.WriteString(syllables[g.r.IntN(len(syllables))])
	}
	return b.String()
}

// bounds are the smallest and the largest integer that a schema allows, 0 to 100 where it says nothing.
func bounds(s map[string]any) (low, high int64) {
	low = max(number(s, "minimum", -1<<53), number(s, "exclusiveMinimum", -1<<53-1)+1)
	high = min(number(s, "maximum", 1<<53), number(s, "exclusiveMaximum", 1<<53+1)-1)
	if low < -1<<52 {
		low = min(0, high)
	}
	if high > 1<<52 {
		high = low + 100
	}
	return low, max(low, high)
}

// number reads an integer keyword.
func number(s map[string]any, key string, missing int64) int64 {
	n, ok := s[key].(json.Number)
	if !ok {
		return missing
	}
	if i, err := n.Int64(); err == nil {
		return i
	}
	f, _ := n.Float64() // a JSON number always is one
	return int64(f)
}

// resolve follows a reference inside the schema: #, #/$defs/name …
func (g generator) resolve(ref string) (any, error) {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil, fmt.Errorf("%s is outside the schema", ref)
	}
	node := g.root
	for _, p := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if p == "" {
			continue
		}
		m, ok := node.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s leads nowhere", ref)
		}
		node = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(p)]
	}
	return node, nil
}
