package reconciler

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// explain adds to each step which declared fields of its service differ from the newest revision.
func (l *Loop) explain(steps []plan.Step, extra []store.Revision) error {
	for _, rev := range extra {
		head, ok, err := l.Store.Readable(rev.Experiment)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		for i, s := range steps {
			name := strings.Split(s.Object, "/")
			if name[0] != rev.Experiment || s.Symbol == plan.Create || s.Symbol == plan.Destroy {
				continue
			}
			steps[i].Details = changes(declared(head.Spec, name[1]), declared(rev.Spec, name[1]))
		}
	}
	return nil
}

// declared is a service or a benchmark of an experiment as plain data.
func declared(e v1alpha1.Experiment, name string) any {
	for _, s := range e.Spec.Services {
		if s.Name == name {
			return s
		}
	}
	for _, b := range e.Spec.Benchmarks {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// changes lists the fields that differ, as path: before -> after.
func changes(before, after any) []string {
	was, is := map[string]string{}, map[string]string{}
	flatten("", plain(before), was)
	flatten("", plain(after), is)
	all := maps.Clone(was)
	maps.Copy(all, is)
	var out []string
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if was[path] != is[path] {
			out = append(out, fmt.Sprintf("%s: %s -> %s", path, orUnset(was[path]), orUnset(is[path])))
		}
	}
	return out
}

func orUnset(s string) string {
	if s == "" {
		return "(unset)"
	}
	return s
}

// plain is v as JSON would have it.
func plain(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("a declared object that does not encode: %v", err)) // it was decoded from a manifest
	}
	var out any
	_ = json.Unmarshal(b, &out) // it was just encoded
	return out
}

func flatten(path string, v any, out map[string]string) {
	m, ok := v.(map[string]any)
	if !ok {
		b, _ := json.Marshal(v) // plain data always encodes
		if path != "" && string(b) != "null" {
			out[path] = string(b)
		}
		return
	}
	for k, sub := range m {
		flatten(strings.TrimPrefix(path+"."+k, "."), sub, out)
	}
}
