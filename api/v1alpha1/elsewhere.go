package v1alpha1

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// level is a mapping on the way to a field: its path, its type, and what is written in it.
type level struct {
	path, child string // child is the field on the way
	typ         reflect.Type
	node        *yaml.Node
}

// elsewhere is the hint for a field that its mapping does not know: where it belongs, under which name, or which there are.
// Names that other programs have for it come first; then the same name below, further up, and beside the way there; then a
// similar one.
func (d *document) elsewhere(word string, n *yaml.Node, t reflect.Type, path string) string {
	if hint := habit(word, t); hint != "" {
		return hint
	}
	own := slices.Sorted(maps.Keys(fieldsOf(t)))
	if near := Nearest(word, own); near != "" && len(word) <= maxKey && levenshtein.ComputeDistance(word, near) == 1 { // a slip of a finger
		return "did you mean " + near + "?"
	}
	if below := writtenFirst(deeper(word, t, 1), n); len(below) > 0 {
		return "did you mean " + strings.Join(below, " or ") + "?"
	}
	up := d.levels(path)
	for i, l := range up {
		if _, ok := fieldsOf(l.typ)[word]; ok {
			if i == 0 && !strings.HasSuffix(l.path+"."+l.child, "]") && !strings.HasSuffix(path, "]") {
				return "it belongs one level up, beside " + l.child
			}
			return "it belongs in " + owner(l.path) + ", beside " + l.child
		}
	}
	if below := writtenFirst(deeper(word, t, 3), n); len(below) > 0 {
		return "did you mean " + strings.Join(below, " or ") + "?"
	}
	for _, l := range up {
		if hint := l.beside(word); hint != "" {
			return hint
		}
	}
	return meant(word, own)
}

// beside is where a word is known below a mapping on the way, in what is always there or is written there.
func (l level) beside(word string) string {
	var found []string
	for _, at := range deeper(word, l.typ, 3) {
		first, _, _ := strings.Cut(strings.ReplaceAll(at, "[]", ""), ".")
		if first == l.child || l.node == nil {
			continue
		}
		f := l.typ.Field(fieldsOf(l.typ)[first]).Type
		if lookup(l.node, first) != nil || f.Kind() != reflect.Pointer {
			found = append(found, at)
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "it belongs in " + strings.TrimSuffix(found[0], "."+word) + ", beside " + l.child
}

// owner names a mapping for people.
func owner(path string) string {
	if path == "" {
		return "the document"
	}
	return path
}

// deeper are the paths to a field of that name up to so many levels below a type, in the order of the fields, the shortest first.
func deeper(word string, t reflect.Type, levels int) (out []string) {
	if levels == 0 || t == reflect.TypeFor[Declared]() {
		return nil
	}
	var further []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		inner, list := t.Field(i).Type, ""
		if inner.Kind() == reflect.Slice {
			inner, list = inner.Elem(), "[]"
		}
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() != reflect.Struct || inner.NumField() > 0 && inner.Field(0).Anonymous {
			continue
		}
		if _, ok := fieldsOf(inner)[word]; ok {
			out = append(out, name+list+"."+word)
			continue
		}
		for _, at := range deeper(word, inner, levels-1) {
			further = append(further, name+list+"."+at)
		}
	}
	return append(out, further...)
}

// writtenFirst keeps the paths that begin with a field which is written, if any do, and no more than five.
func writtenFirst(paths []string, n *yaml.Node) []string {
	there := slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		first, _, _ := strings.Cut(strings.ReplaceAll(p, "[]", ""), ".")
		return lookup(n, first) == nil
	})
	if len(there) > 0 {
		paths = there
	}
	return paths[:min(len(paths), 5)]
}

// levels are the mappings above a path that have fields of their own, the nearest first.
func (d *document) levels(path string) (out []level) {
	var t reflect.Type
	switch {
	case d.experiment != nil:
		t = reflect.TypeFor[Experiment]()
	case d.site != nil:
		t = reflect.TypeFor[Site]()
	default:
		return nil
	}
	var steps []string
	for p := path; p != ""; p = parent(p) {
		steps = append(steps, p)
	}
	slices.Reverse(steps)
	for i, p := range steps {
		if t.Kind() == reflect.Struct {
			l := level{path: parent(p), child: p[strings.LastIndexByte(p, '.')+1:], typ: t}
			if i < len(d.open) {
				l.node = d.open[i].node
			}
			out = append(out, l)
		}
		if t = step(t, p); t == nil {
			return nil
		}
	}
	slices.Reverse(out)
	return out
}

// step is the type of the value at the last word of a path in a value of type t; nil when it has none.
func step(t reflect.Type, path string) reflect.Type {
	switch t.Kind() {
	case reflect.Struct:
		i, ok := fieldsOf(t)[path[strings.LastIndexByte(path, '.')+1:]]
		if !ok {
			return nil
		}
		t = t.Field(i).Type
	case reflect.Slice, reflect.Map:
		t = t.Elem()
	default:
		return nil
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// textHint is the hint for a list or a mapping where text should be.
func textHint(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode && len(n.Content) == 1 && n.Content[0].Kind == yaml.ScalarNode:
		return "write " + cut(n.Content[0].Value) + ", without brackets or -"
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Kind == yaml.MappingNode:
		return "{{ … }} is a template: fill it in, or quote it"
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[1].Kind == yaml.ScalarNode && n.Column == n.Content[0].Column: // without braces
		return fmt.Sprintf("quote what holds a colon and a space: %q", cut(n.Content[0].Value+": "+n.Content[1].Value))
	}
	return ""
}
