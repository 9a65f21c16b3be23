package v1alpha1

import (
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// place is where a field was written. For the elements of a list, key is the value.
type place struct{ key, value *yaml.Node }

// document is one YAML document on its way to a Site or an Experiment.
type document struct {
	file       string
	line       int
	site       *Site       // one of the two, or none when the kind is unknown
	experiment *Experiment //
	arrival    arrival     // how it came
	pipeline   bool        // it is of a CI

	places   map[string]place // by path
	problems []Problem        // of decoding
	warnings []Problem        // of checking
	wrongAt  map[string]bool  // paths of these problems
	wrongIn  map[string]bool  // their parents: mappings with a field that was not understood
	open     []frame          // from the document down to the value being decoded
	aliased  int              // values that came from aliases so far
	entered  int              // values so far
	words    int              // of those that a job fills in, so far
	ports    int              // of those that take a port
}

// wrong records that what is written at n, the value of path, cannot be decoded.
func (d *document) wrong(n *yaml.Node, path, message, hint string) {
	if d.full() {
		return
	}
	d.problems = append(d.problems, Problem{d.file, n.Line, n.Column, path, message, hint})
	d.wrongAt[path] = true
	if path != "" {
		d.wrongIn[parent(path)] = true
	}
}

// parent is the path of the mapping or list that holds path; "" is the document.
func parent(path string) string {
	if strings.HasSuffix(path, "]") {
		return path[:max(strings.LastIndexByte(path, '['), 0)]
	}
	return path[:max(strings.LastIndexByte(path, '.'), 0)]
}

func field(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// value decodes n into v, which is zero, and records a problem for everything that does not fit.
func (d *document) value(n *yaml.Node, v reflect.Value, path string) {
	n, ok := d.enter(n, path)
	if !ok {
		return
	}
	defer d.leave()
	if n.Tag == "!!null" && v.Kind() != reflect.Interface {
		d.empty(path, v.Type())
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	written := n.Kind == yaml.MappingNode && (v.Type() == reflect.TypeFor[Repeats]() || v.Type() == reflect.TypeFor[Replicas]() && len(n.Content) > 0) // field by field, or as a number
	if u, ok := v.Addr().Interface().(json.Unmarshaler); ok && !written {
		d.unmarshal(n, u, v, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Map:
		d.dictionary(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Interface:
		if x := d.any(n, path); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	default:
		d.scalar(n, v, path)
	}
}

// empty records that a field has no value.
func (d *document) empty(path string, t reflect.Type) {
	name := path[strings.LastIndexByte(path, '.')+1:]
	hint := "remove it, or give it a value"
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		hint = "write " + name + ": {}"
	}
	d.wrong(d.places[path].key, path, "has no value", hint)
}

// structure decodes a mapping into a struct, field by field.
func (d *document) structure(n *yaml.Node, v reflect.Value, path string) {
	if !d.must(n, yaml.MappingNode, v.Type(), path) {
		return
	}
	fields := fieldsOf(v.Type())
	for key, value := range d.pairs(n, path) {
		at := field(path, key.Value)
		i, ok := fields[key.Value]
		if !ok {
			d.wrong(key, at, "unknown field", d.elsewhere(key.Value, n, v.Type(), path))
			continue
		}
		d.places[at] = place{key, value}
		if !d.wrongAt[at] { // kind and apiVersion were checked before
			d.value(value, v.Field(i), at)
		}
	}
}

// fieldsOf maps the names of a struct's fields in JSON to their indices.
func fieldsOf(t reflect.Type) map[string]int {
	out := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "-" {
			out[name] = i
		}
	}
	return out
}

// dictionary decodes a mapping with free keys.
func (d *document) dictionary(n *yaml.Node, v reflect.Value, path string) {
	if !d.must(n, yaml.MappingNode, v.Type(), path) || len(n.Content) == 0 {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for key, value := range d.pairs(n, path) {
		at := path + "[" + key.Value + "]"
		d.places[at] = place{key, value}
		if message, hint := textTrap(key); message != "" {
			d.wrong(key, at, "the key "+message, hint)
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(value, item, at)
		if item.Kind() == reflect.Slice && item.IsNil() {
			item = reflect.MakeSlice(item.Type(), 0, 0) // an element of a map cannot be left out
		}
		v.SetMapIndex(reflect.ValueOf(key.Value), item)
	}
}

func (d *document) list(n *yaml.Node, v reflect.Value, path string) {
	if !d.must(n, yaml.SequenceNode, v.Type(), path) || len(n.Content) == 0 {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, value := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		d.places[at] = place{value, value}
		d.value(value, v.Index(i), at)
	}
}

// any decodes a value of no fixed type into what encoding/json would make of it.
func (d *document) any(n *yaml.Node, path string) any {
	var out any
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		d.dictionary(n, reflect.ValueOf(&m).Elem(), path)
		out = m
	case yaml.SequenceNode:
		l := []any{}
		d.list(n, reflect.ValueOf(&l).Elem(), path)
		out = l
	default:
		out = d.anyScalar(n, path)
	}
	return out
}

// must checks that n is a mapping, or a list.
func (d *document) must(n *yaml.Node, kind yaml.Kind, t reflect.Type, path string) bool {
	if n.Kind != kind {
		d.wrong(n, path, "must be "+expected(t)+", found "+foundFor(n, t), shapeHint(n, t))
	}
	return n.Kind == kind
}

// pairs yields the keys and values of a mapping, without those whose key is wrong.
func (d *document) pairs(n *yaml.Node, path string) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		lines := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if key.Kind == yaml.AliasNode {
				key = key.Alias
			}
			switch {
			case len(key.Value) > maxKey:
				d.wrong(key, path, fmt.Sprintf("has a key of %d bytes, which can have at most %d: %s", len(key.Value), maxKey, brief(key.Value)), "")
			case key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0:
				d.wrong(key, path, "a key must be plain text, found "+found(key), "")
			case key.Tag == "!!merge":
				d.wrong(key, field(path, "<<"), "merge keys are not supported", "write the fields out, or give the whole mapping by an alias")
			case lines[key.Value] > 0:
				d.wrong(key, field(path, key.Value), fmt.Sprintf("appears twice, first in line %d", lines[key.Value]), "remove one")
			default:
				lines[key.Value] = key.Line
				if !yield(key, value) {
					return
				}
			}
		}
	}
}
