package view

import (
	"fmt"
	"slices"
	"strings"
)

// Kinds are the kinds that can be listed, in the order of their importance.
var Kinds = []string{"services", "jobs", "runs", "benchmarks", "experiments", "nodes", "listeners", "sites", "revisions", "events"}

// all is what `all` stands for: what an experiment declares and what came of it.
var all = []string{"experiments", "services", "jobs", "benchmarks", "runs"}

var shortNames = map[string]string{
	"svc": "services", "exp": "experiments", "bench": "benchmarks", "bm": "benchmarks", "no": "nodes", "rev": "revisions", "ev": "events",
}

// elsewhere are kinds of Kubernetes and Slurm, by what holds the place here.
var elsewhere = map[string]string{
	"pod": "jobs", "pods": "jobs", "po": "jobs", "deployment": "services", "deployments": "services", "deploy": "services", "statefulset": "services",
	"statefulsets": "services", "sts": "services", "endpoints": "services", "ep": "services", "namespace": "experiments", "namespaces": "experiments", "ns": "experiments",
	"cluster": "sites", "clusters": "sites", "queue": "jobs", "partition": "sites", "partitions": "sites", "rs": "revisions", "replicaset": "revisions", "replicasets": "revisions",
}

// Kind is the kind that a word names: the kind itself, its singular, or a short name.
func Kind(word string) (string, error) {
	word = strings.ToLower(word)
	if k, ok := shortNames[word]; ok {
		return k, nil
	}
	for _, k := range Kinds {
		if word == k || word == strings.TrimSuffix(k, "s") {
			return k, nil
		}
	}
	if k, ok := elsewhere[word]; ok {
		return "", fmt.Errorf("no kind %q; what comes next to it here are %s", word, k)
	}
	return "", fmt.Errorf("no kind %q; kinds are %s", word, strings.Join(Kinds, ", "))
}

// Singular is a kind as it stands before a name: service/NAME.
func Singular(kind string) string { return strings.TrimSuffix(kind, "s") }

// Reference is what was typed for objects: all of a kind, or with a name one of it. The name is NAME or EXPERIMENT/NAME.
type Reference struct{ Kind, Name string }

// String is KIND/NAME.
func (r Reference) String() string { return Singular(r.Kind) + "/" + r.Name }

// References reads words as kubectl does: KIND, KIND,KIND, KIND NAME..., or KIND/NAME...; all is several kinds.
func References(words []string) (out []Reference, err error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("of what? Kinds are %s", strings.Join(Kinds, ", "))
	}
	if strings.Contains(words[0], "/") {
		for _, w := range words {
			word, name, ok := strings.Cut(w, "/")
			if !ok || name == "" {
				return nil, fmt.Errorf("%q names no object; write KIND/NAME, as the others are written, or KIND NAME NAME", w)
			}
			kind, err := Kind(word)
			if err != nil {
				return nil, err
			}
			out = append(out, Reference{kind, name})
		}
		return out, nil
	}
	for word := range strings.SplitSeq(words[0], ",") {
		kinds := all
		if word != "all" {
			kind, err := Kind(word)
			if err != nil {
				return nil, err
			}
			kinds = []string{kind}
		}
		for _, kind := range kinds {
			if len(words) == 1 {
				out = append(out, Reference{Kind: kind})
			}
			for _, name := range words[1:] {
				out = append(out, Reference{kind, name})
			}
		}
	}
	if len(words) > 1 && len(out) > len(words)-1 {
		return nil, fmt.Errorf("%s is several kinds, and a name is that of one; write KIND/NAME", words[0])
	}
	return out, nil
}

// Named is References for verbs that act on objects one by one: each has a name and is of one of the kinds.
func Named(words []string, kinds ...string) ([]Reference, error) {
	out, err := References(words)
	if err != nil {
		return nil, err
	}
	for _, r := range out {
		switch {
		case !slices.Contains(kinds, r.Kind):
			return nil, fmt.Errorf("this verb takes no %s; it takes %s", r.Kind, strings.Join(kinds, ", "))
		case r.Name == "":
			return nil, fmt.Errorf("which %s? Write %s/NAME; what there is: assay get %s", Singular(r.Kind), Singular(r.Kind), r.Kind)
		}
	}
	return out, nil
}
