package fields

import (
	"reflect"
	"strings"

	"assay/api/v1alpha1"
)

// Field is one field of a manifest.
type Field struct {
	Name     string       // as the manifest writes it
	Of       reflect.Type // the struct that it belongs to
	Type     reflect.Type // without pointers
	Required bool
	Meaning  string   // sentences
	Default  string   // a value, or words; empty where it is required
	Example  string   // a value, in YAML
	Since    string   // the version that brought it
	Values   []string // the only ones; empty: any
	Min, Max string   // of a number; empty: no bound. Above says that Min itself is too small
	Above    bool
	rules    []string // of its validate tag, for an element of a list those behind dive
}

// Of returns the fields of a struct in their order.
func Of(t reflect.Type) (out []Field) {
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		out = append(out, one(t, t.Field(i), name, options))
	}
	return out
}

func one(t reflect.Type, s reflect.StructField, name, options string) Field {
	f := Field{Name: name, Of: t, Type: plain(s.Type), Since: s.Tag.Get("since"), rules: strings.Split(s.Tag.Get("validate"), ",")}
	if f.Since == "" {
		f.Since = v1alpha1.APIVersion
	}
	f.Required = !strings.Contains(options, "omit")
	for _, rule := range f.rules {
		word, value, _ := strings.Cut(rule, "=")
		switch word {
		case "required":
			f.Required = true
		case "oneof":
			f.Values = strings.Fields(value)
		case "gte", "gt":
			f.Min, f.Above = value, word == "gt"
		case "lte":
			f.Max = value
		}
	}
	if t == reflect.TypeFor[v1alpha1.Experiment]() || t == reflect.TypeFor[v1alpha1.Site]() {
		f.Required = name != "spec"
	}
	key := t.Name() + "." + name
	f.Meaning = meaning(t, s, name)
	if !f.Required {
		f.Default = defaultOf(f, key)
	}
	f.Example = exampleOf(f, key)
	return f
}

// plain is a type without pointers.
func plain(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// inner is the struct whose fields can be written below a field: its own, or that of its elements; nil where there is none.
func inner(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || scalar(t) && t != reflect.TypeFor[v1alpha1.Repeats]() && t != reflect.TypeFor[v1alpha1.Replicas]() {
		return nil
	}
	return t
}
