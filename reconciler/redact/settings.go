package redact

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Setting is a value that was hidden because of its name.
type Setting struct{ Name, Value string }

// Settings returns a JSON document without the values of settings whose names look secret, and those values: entries of
// objects called env and args, and options of command lines. Empty input stays empty.
func Settings(document []byte) ([]byte, []Setting, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		if len(bytes.TrimSpace(document)) == 0 {
			return []byte{}, nil, nil
		}
		return nil, nil, err
	}
	var h hider
	out, err := json.MarshalIndent(h.walk(v, false), "", " ")
	return out, h.found, err
}

// hider collects what it hides.
type hider struct{ found []Setting }

// walk returns v with secret values replaced. Settings says that v maps names to values.
func (h *hider) walk(v any, settings bool) any {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) { // in one order: what is found is shown
			x := v[k]
			if text, ok := x.(string); ok && settings && secretName(k) {
				v[k] = h.hide(text, k)
			} else {
				v[k] = h.walk(x, k == "env" || k == "args")
			}
		}
	case []any:
		for i, x := range v {
			if text, ok := x.(string); ok {
				before := ""
				if i > 0 {
					before, _ = v[i-1].(string)
				}
				v[i] = h.argument(text, before)
			} else {
				v[i] = h.walk(x, false)
			}
		}
	}
	return v
}

// argument is one word of a command line: --name=value, or the value of the option before it.
func (h *hider) argument(text, before string) string {
	name, value, joined := strings.Cut(text, "=")
	switch {
	case joined && strings.HasPrefix(name, "-") && secretName(name):
		return name + "=" + h.hide(value, name)
	case strings.HasPrefix(before, "--") && !strings.HasPrefix(text, "--") && secretName(before):
		return h.hide(text, before)
	}
	return text
}

// hide takes a value out. References that the agent replaces, and paths, are not secrets.
func (h *hider) hide(value, name string) string {
	if value == "" || strings.Contains(value, "$(") || strings.HasPrefix(value, "/") {
		return value
	}
	h.found = append(h.found, Setting{strings.TrimLeft(name, "-"), value})
	return Mark
}
