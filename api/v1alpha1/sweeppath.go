package v1alpha1

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// spot is where a path of a sweep leads: a field, or an element of a map.
type spot struct {
	field reflect.Value // settable; of a map element: the map
	key   string        // of a map element
}

func (s spot) typ() reflect.Type {
	if s.key != "" {
		return s.field.Type().Elem()
	}
	return s.field.Type()
}

// find follows a path. It makes the pointers and maps on the way that are nil.
func (d *Declared) find(path string) (spot, error) {
	words := strings.Split(path, ".")
	if len(words) < 3 || words[0] != "services" && words[0] != "benchmarks" {
		return spot{}, errors.New("a path is services.NAME.FIELD or benchmarks.NAME.FIELD" + parenthesis(d.meantPath(path)))
	}
	at, err := d.named(words[0], words[1])
	if err != nil {
		return spot{}, err
	}
	for i := 2; i < len(words); i++ {
		for at.Kind() == reflect.Pointer {
			if at.IsNil() {
				at.Set(reflect.New(at.Type().Elem()))
			}
			at = at.Elem()
		}
		switch {
		case at.Kind() == reflect.Map:
			if at.IsNil() {
				at.Set(reflect.MakeMap(at.Type()))
			}
			return spot{at, strings.Join(words[i:], ".")}, nil
		case at.Kind() != reflect.Struct:
			return spot{}, fmt.Errorf("%s has no fields", strings.Join(words[:i], "."))
		}
		fields := fieldsOf(at.Type())
		n, ok := fields[words[i]]
		if !ok {
			hint := meant(words[i], slices.Sorted(maps.Keys(fields)))
			if below := declaredFirst(deeper(words[i], at.Type(), 2), at); len(below) > 0 {
				hint = "did you mean " + strings.Join(below, " or ") + "?"
			}
			return spot{}, fmt.Errorf("%s has no field %s%s", strings.Join(words[:i], "."), brief(words[i]), parenthesis(hint))
		}
		at = at.Field(n)
	}
	if words[len(words)-1] == "name" {
		return spot{}, errors.New("a name cannot be swept")
	}
	return spot{field: at}, nil
}

// meantPath is a path that lacks its first word, or has a number for a name.
func (d *Declared) meantPath(path string) string {
	list, rest, numbered := strings.Cut(path, "[")
	number, rest, _ := strings.Cut(rest, "].")
	i, err := strconv.Atoi(number)
	switch name, _, _ := strings.Cut(path, "."); {
	case numbered && err == nil && i >= 0 && list == "services" && i < len(d.Services):
		return "write services." + d.Services[i].Name + "." + rest
	case numbered && err == nil && i >= 0 && list == "benchmarks" && i < len(d.Benchmarks):
		return "write benchmarks." + d.Benchmarks[i].Name + "." + rest
	case slices.ContainsFunc(d.Services, func(s Service) bool { return s.Name == name }):
		return "write services." + path
	case slices.ContainsFunc(d.Benchmarks, func(b Benchmark) bool { return b.Name == name }):
		return "write benchmarks." + path
	}
	return ""
}

// declaredFirst keeps the paths that begin with a field which is declared, if any do.
func declaredFirst(paths []string, at reflect.Value) []string {
	there := slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		first, _, _ := strings.Cut(strings.ReplaceAll(p, "[]", ""), ".")
		return at.Field(fieldsOf(at.Type())[first]).IsZero()
	})
	if len(there) > 0 {
		return there
	}
	return paths
}

// named finds a service or a benchmark.
func (d *Declared) named(list, name string) (reflect.Value, error) {
	var names []string
	for i := range d.Services {
		if list == "services" {
			names = append(names, d.Services[i].Name)
			if d.Services[i].Name == name {
				return reflect.ValueOf(&d.Services[i]), nil
			}
		}
	}
	for i := range d.Benchmarks {
		if list == "benchmarks" {
			names = append(names, d.Benchmarks[i].Name)
			if d.Benchmarks[i].Name == name {
				return reflect.ValueOf(&d.Benchmarks[i]), nil
			}
		}
	}
	return reflect.Value{}, fmt.Errorf("there is no %s %s%s", strings.TrimSuffix(list, "s"), brief(name), parenthesis(meant(name, names)))
}

func parenthesis(hint string) string {
	if hint == "" {
		return ""
	}
	return " (" + hint + ")"
}

// set assigns a value in its JSON form.
func (d *Declared) set(path string, value []byte) error {
	at, err := d.find(path)
	if err != nil {
		return err
	}
	v := reflect.New(at.typ())
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v.Interface()); err != nil {
		return err
	}
	if at.key != "" {
		at.field.SetMapIndex(reflect.ValueOf(at.key), v.Elem())
	} else {
		at.field.Set(v.Elem())
	}
	return nil
}

// get is the value at a path in its JSON form.
func (d *Declared) get(path string) ([]byte, error) {
	at, err := d.find(path)
	if err != nil {
		return nil, err
	}
	v := at.field
	if at.key != "" {
		v = v.MapIndex(reflect.ValueOf(at.key))
	}
	if !v.IsValid() || v.IsZero() {
		return nil, fmt.Errorf("%s is not declared, so it has no value to take", path)
	}
	return json.Marshal(v.Interface())
}
