package fields

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"assay/api/v1alpha1"
)

// Place is a field where it can be written: spec.services[].vllm.model of an Experiment.
type Place struct {
	Kind  string
	Path  string // as problems of a manifest write it, without the numbers of lists and the keys of mappings
	Field Field
	words []string // of the path, without spec
}

// All are the fields of both kinds, each before those that it holds.
var All = sync.OnceValue(func() []Place {
	var out []Place
	out = below(out, v1alpha1.KindExperiment, "", nil, reflect.TypeFor[v1alpha1.Experiment]())
	return below(out, v1alpha1.KindSite, "", nil, reflect.TypeFor[v1alpha1.Site]())
})

func below(out []Place, kind, path string, words []string, t reflect.Type) []Place {
	for _, f := range Of(t) {
		p := Place{Kind: kind, Path: strings.TrimPrefix(path+"."+f.Name, "."), Field: f, words: append(slices.Clone(words), f.Name)}
		if p.Path == "spec" {
			p.words = nil
		}
		out = append(out, p)
		of := inner(f.Type)
		if of == nil || of == reflect.TypeFor[v1alpha1.Declared]() { // which holds services again
			continue
		}
		at := p.Path
		switch f.Type.Kind() {
		case reflect.Slice:
			at += "[]"
		case reflect.Map:
			at += "[NAME]"
		}
		out = below(out, kind, at, p.words, of)
	}
	return out
}

// Find returns the fields that a path means: services.vllm.model, or any end of that such as vllm.model. It may begin with
// experiment or site, may have spec, numbers and names in brackets as problems have them, and the singular of a list. A kind
// alone, or spec, means the whole document.
func Find(path string) ([]Place, error) {
	kind, words := split(path)
	if len(words) == 0 && kind != "" {
		return filter(kind, func(p Place) bool { return p.Path == "spec" }), nil
	}
	for _, same := range []func(words, path []string) bool{slices.Equal[[]string], singular} {
		if whole := filter(kind, func(p Place) bool { return len(words) > 0 && same(words, p.words) }); len(whole) > 0 {
			return whole, nil
		}
		ends := filter(kind, func(p Place) bool {
			return len(words) > 0 && len(p.words) > len(words) && same(words, p.words[len(p.words)-len(words):])
		})
		if len(ends) > 0 {
			return ends, nil
		}
	}
	var names []string
	for _, p := range All() {
		names = append(names, p.Field.Name)
	}
	hint := "type assay explain experiment or assay explain site for all of them"
	if len(words) > 0 {
		if near := v1alpha1.Nearest(words[len(words)-1], names); near != "" && near != words[len(words)-1] {
			hint = "did you mean " + strings.Join(append(slices.Clone(words[:len(words)-1]), near), ".") + "?"
		}
	}
	return nil, fmt.Errorf("no field is called %q; %s", path, hint)
}

// split takes a path apart. kind is empty where it does not begin with one.
func split(path string) (kind string, words []string) {
	for strings.Contains(path, "[") {
		before, rest, _ := strings.Cut(path, "[")
		_, after, _ := strings.Cut(rest, "]")
		path = before + after
	}
	for _, w := range strings.Split(path, ".") {
		switch {
		case w == "" || w == "spec" && len(words) == 0:
		case len(words) == 0 && kind == "" && strings.EqualFold(w, v1alpha1.KindExperiment):
			kind = v1alpha1.KindExperiment
		case len(words) == 0 && kind == "" && strings.EqualFold(w, v1alpha1.KindSite):
			kind = v1alpha1.KindSite
		default:
			words = append(words, w)
		}
	}
	return kind, words
}

func filter(kind string, is func(Place) bool) (out []Place) {
	for _, p := range All() {
		if (kind == "" || p.Kind == kind) && is(p) {
			out = append(out, p)
		}
	}
	return out
}

// singular reports whether words are those of a path, the singular of a list's name counting as that name.
func singular(words, path []string) bool {
	return slices.EqualFunc(words, path, func(w, p string) bool { return w == p || w+"s" == p })
}
