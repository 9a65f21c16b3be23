package site

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"assay/api/v1alpha1"
)

// Note is a comment of a document: on a field of the spec ("qos") or, with a name, on one entry of it.
type Note struct{ Field, Name, Text string }

// width is where comments are wrapped, in bytes.
const width = 120

// Document writes a site as commented YAML: the head as comment lines, then every field that is not zero with the notes on it, then the
// notes on fields that are not there. It is an error if assay would not read the same site from it.
func Document(s v1alpha1.Site, head []string, notes []Note) ([]byte, error) {
	var b strings.Builder
	for _, line := range head {
		comment(&b, "", line)
	}
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\nmetadata:\n  name: %s\nspec:\n", v1alpha1.APIVersion, v1alpha1.KindSite, s.Metadata.Name)
	spec := reflect.ValueOf(s.Spec)
	rest := slices.Clone(notes)
	for i := range spec.NumField() {
		name, _, _ := strings.Cut(spec.Type().Field(i).Tag.Get("json"), ",")
		value := spec.Field(i)
		if value.IsZero() || value.Kind() == reflect.Map && value.Len() == 0 {
			continue
		}
		rest = write(&b, "  ", name, value, rest, true)
	}
	if len(rest) > 0 {
		b.WriteByte('\n')
	}
	for _, n := range rest {
		comment(&b, "  ", strings.TrimSuffix(n.Field+" "+n.Name, " ")+": "+n.Text)
	}
	return []byte(b.String()), same(s, []byte(b.String()))
}

// write writes the notes on a field, and the field; of one that has entries, each with its notes. It returns the notes that are left.
func write(b *strings.Builder, indent, field string, value reflect.Value, notes []Note, entries bool) (left []Note) {
	own := func(name string) {
		for _, n := range notes {
			if n.Field == field && n.Name == name {
				comment(b, indent, n.Text)
			}
		}
		notes = slices.DeleteFunc(notes, func(n Note) bool { return n.Field == field && n.Name == name })
	}
	own("")
	if !entries || value.Kind() != reflect.Map || value.Type().Elem().Kind() != reflect.Struct {
		block(b, indent, map[string]any{field: value.Interface()})
		return notes
	}
	fmt.Fprintf(b, "%s%s:\n", indent, field)
	indent += "  "
	keys := make([]string, 0, value.Len())
	for _, k := range value.MapKeys() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	for _, k := range keys {
		own(k)
		block(b, indent, map[string]any{k: value.MapIndex(reflect.ValueOf(k)).Interface()})
	}
	return notes
}

// block writes a value as YAML, indented.
func block(b *strings.Builder, indent string, v any) {
	text, err := v1alpha1.Encode(v)
	if err != nil {
		panic("site: a field has no YAML form: " + err.Error()) // only values that JSON cannot hold
	}
	for line := range strings.Lines(string(text)) {
		b.WriteString(indent + line)
	}
}

// comment writes a text as comment lines. Of what others wrote no control remains, nor a mark that turns or hides text.
func comment(b *strings.Builder, indent, text string) {
	line := indent + "#"
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
	}) {
		if len(line)+1+len(word) > width && len(line) > len(indent)+1 {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// same makes sure that a document is read as the site that it was made from.
func same(s v1alpha1.Site, document []byte) error {
	s.APIVersion, s.Kind = v1alpha1.APIVersion, v1alpha1.KindSite
	plain, err := v1alpha1.Encode(s)
	if err != nil {
		return err
	}
	var read [2]v1alpha1.Site
	for i, data := range [][]byte{plain, document} {
		m, err := v1alpha1.Load([]v1alpha1.File{{Name: "site.yaml", Data: data}}, nil, "")
		if err != nil {
			return fmt.Errorf("writing site %s: %w", s.Metadata.Name, err)
		}
		read[i] = m.Sites[0]
	}
	if !reflect.DeepEqual(read[0], read[1]) {
		return errors.New("writing site " + s.Metadata.Name + ": the document does not say the same")
	}
	return nil
}
