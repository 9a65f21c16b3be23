package constraint

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

const (
	maxDepth = 12     // of generated values and derivations, for schemas and grammars that refer to themselves
	maxSteps = 10_000 // schemas looked at for one value
)

// generator makes random values for the part of JSON Schema that structured output uses. It refuses other keywords by
// name; its result is validated in any case.
type generator struct {
	root  any
	r     *rand.Rand
	steps int
}

// unsupported are keywords that the generator does not support.
var unsupported = []string{"not", "if", "then", "else", "patternProperties", "dependentRequired", "dependentSchemas",
	"propertyNames", "contains", "multipleOf", "uniqueItems", "$dynamicRef"}

var errDeep = errors.New("no output was found for the schema: it nests too deep")

func (g *generator) value(node any, depth int) (any, error) {
	if g.steps++; depth > maxDepth || g.steps > maxSteps {
		return nil, errDeep
	}
	s, ok := node.(map[string]any)
	if !ok {
		if node == false {
			return nil, errors.New("the schema false allows no output")
		}
		return g.word(), nil // true, or no schema: anything
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
	if list, ok := s["enum"].([]any); ok && len(list) > 0 {
		return list[g.r.IntN(len(list))], nil
	}
	for _, k := range []string{"anyOf", "oneOf"} {
		if list, ok := s[k].([]any); ok && len(list) > 0 {
			return g.anyOf(list, depth)
		}
	}
	if all, ok := s["allOf"].([]any); ok {
		if len(all) != 1 {
			return nil, errors.New(`no output can be generated for the schema keyword "allOf" with several schemas`)
		}
		return g.value(all[0], depth+1)
	}
	return g.typed(s, depth)
}

// anyOf takes the first alternative, in random order, that leads to a value.
func (g *generator) anyOf(list []any, depth int) (v any, err error) {
	for _, i := range g.r.Perm(len(list)) {
		if v, err = g.value(list[i], depth+1); err == nil {
			return v, nil
		}
	}
	return nil, err
}

func (g *generator) typed(s map[string]any, depth int) (any, error) {
	typ, _ := s["type"].(string)
	if list, ok := s["type"].([]any); ok && len(list) > 0 {
		typ, _ = list[g.r.IntN(len(list))].(string)
	}
	switch cmp.Or(typ, implied(s)) {
	case "integer":
		return g.integer(s)
	case "number":
		low, high := bounds(s)
		return low + (high-low)*float64(1+g.r.IntN(998))/1000, nil // strictly between, because bounds can be exclusive
	case "boolean":
		return g.r.IntN(2) == 0, nil
	case "null":
		return nil, nil
	case "array":
		return g.array(s, depth)
	case "object":
		return g.object(s, depth)
	}
	return g.text(s)
}

// implied is the type that the other keywords belong to.
func implied(s map[string]any) string {
	for _, k := range []struct{ keyword, typ string }{
		{"properties", "object"}, {"required", "object"}, {"additionalProperties", "object"}, {"minProperties", "object"},
		{"items", "array"}, {"prefixItems", "array"}, {"minItems", "array"},
		{"minimum", "number"}, {"maximum", "number"}, {"exclusiveMinimum", "number"}, {"exclusiveMaximum", "number"},
	} {
		if _, ok := s[k.keyword]; ok {
			return k.typ
		}
	}
	return "string"
}

func (g *generator) object(s map[string]any, depth int) (any, error) {
	props, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(props)) { // sorted: the same random numbers give the same output
		needed := slices.Contains(required, any(name))
		if !needed && (depth > maxDepth/2 || g.r.IntN(4) == 0) {
			continue
		}
		v, err := g.value(props[name], depth+1)
		if err == nil {
			out[name] = v
		} else if needed {
			return nil, err
		}
	}
	for _, name := range required {
		if name, ok := name.(string); ok && props[name] == nil {
			v, err := g.value(s["additionalProperties"], depth+1)
			if err != nil {
				return nil, err
			}
			out[name] = v
		}
	}
	least := int(min(number(s, "minProperties", 0), maxSteps))
	if len(props)+len(required) == 0 && s["additionalProperties"] != false && depth <= maxDepth/2 {
		least = max(least, 1+g.r.IntN(3)) // a free object is not empty
	}
	for tries := 0; len(out) < least && tries < 2*least+10; tries++ {
		v, err := g.value(s["additionalProperties"], depth+1)
		if err != nil {
			return nil, err
		}
		out[g.word()] = v
	}
	return out, nil
}

func (g *generator) array(s map[string]any, depth int) (any, error) {
	prefix, _ := s["prefixItems"].([]any)
	low := int(min(number(s, "minItems", 0), maxSteps))
	high := int(min(number(s, "maxItems", float64(max(low, len(prefix))+3)), float64(max(low, len(prefix))+8)))
	if s["items"] == false {
		high = min(high, len(prefix))
	}
	n := low
	if depth <= maxDepth/2 && high > low {
		n += g.r.IntN(high - low + 1)
	}
	out := []any{}
	for i := range n {
		item := s["items"]
		if i < len(prefix) {
			item = prefix[i]
		}
		v, err := g.value(item, depth+1)
		if err != nil {
			if len(out) >= low {
				break
			}
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (g *generator) integer(s map[string]any) (any, error) {
	low, high := bounds(s)
	if x := number(s, "exclusiveMinimum", math.Inf(-1)); low == x && low == math.Floor(low) {
		low++
	}
	if x := number(s, "exclusiveMaximum", math.Inf(1)); high == x && high == math.Floor(high) {
		high--
	}
	low, high = math.Ceil(low), math.Floor(high)
	const exact = 1 << 53 // beyond it not every integer is a float64
	low, high = max(low, -exact), min(high, exact)
	if low > high {
		return nil, errors.New("the schema allows no integer: its bounds exclude each other")
	}
	return int64(low) + g.r.Int64N(int64(high-low)+1), nil
}

// bounds are the smallest and the largest number that a schema allows; 100 apart where it leaves one open.
func bounds(s map[string]any) (low, high float64) {
	low = max(number(s, "minimum", math.Inf(-1)), number(s, "exclusiveMinimum", math.Inf(-1)))
	high = min(number(s, "maximum", math.Inf(1)), number(s, "exclusiveMaximum", math.Inf(1)))
	switch {
	case math.IsInf(low, 0) && math.IsInf(high, 0):
		return 0, 100
	case math.IsInf(low, 0):
		return high - 100, high
	case math.IsInf(high, 0):
		return low, low + 100
	}
	return low, high
}

// number reads a numeric keyword.
func number(s map[string]any, key string, missing float64) float64 {
	if n, ok := s[key].(json.Number); ok {
		if f, err := n.Float64(); err == nil {
			return f
		}
	}
	return missing
}

// resolve follows a reference inside the schema: #, #/$defs/name …
func (g *generator) resolve(ref string) (any, error) {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil, fmt.Errorf("no output can be generated for the reference %s: it leads outside the schema", ref)
	}
	node := g.root
	for _, p := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if p == "" {
			continue
		}
		m, ok := node.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("no output can be generated for the reference %s: only #/… to named parts is followed", ref)
		}
		node = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(p)]
	}
	return node, nil
}
