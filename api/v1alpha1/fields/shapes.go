package fields

import (
	"encoding/json"
	"reflect"

	"assay/api/v1alpha1"
)

// shape is the form of a kind of value: in words, in JSON Schema, and as an example in YAML.
type shape struct {
	words, example string
	schema         object
}

type object = map[string]any

const durations = `^([0-9]+d)?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h))*$`

// shapes are those of the types that are written as one value.
var shapes = map[reflect.Type]shape{
	reflect.TypeFor[v1alpha1.Duration](): {"duration", "90s", object{"type": "string", "pattern": durations}},
	reflect.TypeFor[v1alpha1.Quantity](): {"bytes", "64Gi", object{"type": []string{"string", "number"}, "pattern": `^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$`}},
	reflect.TypeFor[v1alpha1.Time]():     {"moment", "2026-12-01T08:00:00Z", object{"type": "string", "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8}(Z|[+-][0-9]{2}:[0-9]{2}))?$`}},
	reflect.TypeFor[v1alpha1.Rate](): {"requests per second, or inf", "10", object{"anyOf": []object{
		{"type": "number", "exclusiveMinimum": 0}, {"const": "inf"}}}},
	reflect.TypeFor[v1alpha1.Bound]():   {"number, or duration", "500ms", object{"type": []string{"number", "string"}, "pattern": durations}},
	reflect.TypeFor[v1alpha1.Percent](): {"share", "5%", object{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)?%$`}},
	reflect.TypeFor[v1alpha1.Repeats](): {"number, or mapping", "3", object{"anyOf": []object{
		{"type": "integer", "minimum": 1, "maximum": 1000}, {"$ref": "#/definitions/Repeats"}}}},
	reflect.TypeFor[v1alpha1.Replicas](): {"number, or mapping", "2", object{"anyOf": []object{
		{"type": "integer", "minimum": 0, "maximum": 1000}, {"$ref": "#/definitions/Replicas"}}}},
}

// scalar reports whether a type reads its value itself.
func scalar(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// shapeOf is the form of a type. One that reads its value itself has to be in shapes.
func shapeOf(t reflect.Type) shape {
	if s, ok := shapes[t]; ok {
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return shapeOf(t.Elem())
	case reflect.String:
		return shape{"text", "name", object{"type": "string"}}
	case reflect.Bool:
		return shape{"true or false", "true", object{"type": "boolean"}}
	case reflect.Int, reflect.Int64:
		return shape{"whole number", "1", object{"type": "integer"}}
	case reflect.Float64:
		return shape{"number", "0.5", object{"type": "number"}}
	case reflect.Slice:
		of := shapeOf(t.Elem())
		return shape{"list of " + of.words, "[" + of.example + "]", object{"type": "array", "items": of.schema}}
	case reflect.Map:
		of := shapeOf(t.Elem())
		return shape{"mapping of name to " + of.words, "{name: " + of.example + "}", object{"type": "object", "additionalProperties": of.schema}}
	case reflect.Interface:
		return shape{"any value", "8192", object{}}
	}
	return shape{"mapping", "{}", object{"$ref": "#/definitions/" + t.Name()}}
}
