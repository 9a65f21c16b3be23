package redact

import "reflect"

// said are the fields of records that hold what others said. Names, addresses and what a user declared are in other fields:
// they are never changed.
var said = map[string]bool{"Message": true, "Error": true, "Progress": true, "Subject": true}

// Messages is a record with f applied to every string of a field called Message, Error, Progress or Subject, however deep. What
// changes is copied: v itself stays as it is, and may be shared.
func Messages[T any](v T, f func(string) string) T {
	if out, changed := walk(reflect.ValueOf(&v).Elem(), f); changed {
		return out.Interface().(T)
	}
	return v
}

// walk returns v, or a copy of it when something in it has changed.
func walk(v reflect.Value, f func(string) string) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		inner, changed := walk(v.Elem(), f)
		if !changed {
			return v, false
		}
		if v.Kind() == reflect.Interface {
			return inner, true
		}
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(inner)
		return out, true
	case reflect.Struct:
		return walkStruct(v, f)
	case reflect.Slice:
		return walkSlice(v, f)
	case reflect.Map:
		return walkMap(v, f)
	}
	return v, false
}

func walkStruct(v reflect.Value, f func(string) string) (reflect.Value, bool) {
	out, copied := v, false
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		with, changed := v.Field(i), false
		if field.Type.Kind() == reflect.String && said[field.Name] {
			if text := f(with.String()); text != with.String() {
				with, changed = reflect.ValueOf(text).Convert(field.Type), true
			}
		} else {
			with, changed = walk(with, f)
		}
		if !changed {
			continue
		}
		if !copied {
			out, copied = reflect.New(v.Type()).Elem(), true
			out.Set(v)
		}
		out.Field(i).Set(with)
	}
	return out, copied
}

func walkSlice(v reflect.Value, f func(string) string) (reflect.Value, bool) {
	switch v.Type().Elem().Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
	default: // such as bytes
		return v, false
	}
	out, copied := v, false
	for i := range v.Len() {
		with, changed := walk(v.Index(i), f)
		if !changed {
			continue
		}
		if !copied {
			out, copied = reflect.MakeSlice(v.Type(), v.Len(), v.Len()), true
			reflect.Copy(out, v)
		}
		out.Index(i).Set(with)
	}
	return out, copied
}

func walkMap(v reflect.Value, f func(string) string) (reflect.Value, bool) {
	out, copied := v, false
	for it := v.MapRange(); it.Next(); {
		with, changed := walk(it.Value(), f)
		if !changed {
			continue
		}
		if !copied {
			out, copied = reflect.MakeMapWithSize(v.Type(), v.Len()), true
			for all := v.MapRange(); all.Next(); {
				out.SetMapIndex(all.Key(), all.Value())
			}
		}
		out.SetMapIndex(it.Key(), with)
	}
	return out, copied
}
