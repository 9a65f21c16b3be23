package fields

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"assay/api/v1alpha1"
)

// Schema is the JSON Schema of one document of a manifest, for editors: draft 7, which all of them read. It knows names, types,
// bounds and words; what several fields have to do with each other only `assay validate` knows.
func Schema() []byte {
	definitions := object{}
	for _, t := range []reflect.Type{reflect.TypeFor[v1alpha1.Experiment](), reflect.TypeFor[v1alpha1.Site]()} {
		define(t, definitions)
	}
	kinds := []string{v1alpha1.KindExperiment, v1alpha1.KindSite}
	root := object{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "A manifest of assay",
		"type":        "object",
		"required":    []string{"apiVersion", "kind"},
		"properties":  object{"apiVersion": object{"const": v1alpha1.APIVersion, "default": v1alpha1.APIVersion}, "kind": object{"enum": kinds}},
		"if":          object{"required": []string{"kind"}, "properties": object{"kind": object{"const": v1alpha1.KindSite}}},
		"then":        object{"$ref": "#/definitions/" + v1alpha1.KindSite},
		"else":        object{"$ref": "#/definitions/" + v1alpha1.KindExperiment},
		"definitions": definitions,
	}
	text, err := json.MarshalIndent(root, "", " ")
	if err != nil {
		panic("fields: a schema has no JSON form: " + err.Error()) // it is made of texts and numbers
	}
	return append(text, '\n')
}

// define adds the definition of a struct, and of all that it leads to.
func define(t reflect.Type, to object) {
	if to[t.Name()] != nil {
		return
	}
	properties := object{}
	d := object{"type": "object", "additionalProperties": false, "properties": properties}
	to[t.Name()] = d
	var required []string
	for _, f := range Of(t) {
		properties[f.Name] = f.schema()
		if f.Required {
			required = append(required, f.Name)
		}
		if of := inner(f.Type); of != nil {
			define(of, to)
		}
	}
	if len(required) > 0 {
		d["required"] = required
	}
}

// schema is that of a field's value, with what an editor shows beside it.
func (f Field) schema() object {
	s := bounded(shapeOf(f.Type).schema, f)
	if kind, ok := map[reflect.Type]string{reflect.TypeFor[v1alpha1.Experiment](): v1alpha1.KindExperiment, reflect.TypeFor[v1alpha1.Site](): v1alpha1.KindSite}[f.Of]; ok {
		switch f.Name {
		case "apiVersion":
			s["const"] = v1alpha1.APIVersion
		case "kind":
			s["const"] = kind
		}
	}
	s["description"] = f.Meaning
	if f.Default != "" && f.Default != "not set" {
		s["description"] = f.Meaning + "\n\nDefault: " + f.Default
	}
	if v, ok := value(f.Example); ok {
		s["examples"] = []any{v}
	}
	return s
}

// bounded is a schema with what the tags of the field ask for. Of a list, what stands behind dive is of its elements.
func bounded(of object, f Field) object {
	s := object{}
	for k, v := range of {
		s[k] = v
	}
	list := f.Type.Kind() == reflect.Slice || f.Type.Kind() == reflect.Map
	at := s
	if dive := slices.Index(f.rules, "dive"); list && dive >= 0 && f.Type.Kind() == reflect.Slice {
		if slices.Contains(f.rules[:dive], "min=1") {
			s["minItems"] = 1
		}
		items := object{}
		for k, v := range of["items"].(object) {
			items[k] = v
		}
		s["items"] = items
		at = items
	} else if list {
		return s
	}
	if len(f.Values) > 0 {
		at["enum"] = f.Values
	}
	if at["type"] != "integer" && at["type"] != "number" {
		return s
	}
	if n, err := strconv.ParseFloat(f.Min, 64); err == nil {
		word := "minimum"
		if f.Above {
			word = "exclusiveMinimum"
		}
		at[word] = n
	}
	if n, err := strconv.ParseFloat(f.Max, 64); err == nil {
		at["maximum"] = n
	}
	return s
}

// value reads an example, which is YAML.
func value(text string) (v any, ok bool) {
	if yaml.Unmarshal([]byte(text), &v) != nil {
		return nil, false
	}
	_, err := json.Marshal(v)
	return v, err == nil && text != ""
}
