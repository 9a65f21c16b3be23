package accept

import (
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

const (
	mostOfName = 63 // of a DNS label
	shortHash  = 7  // of a commit, as forges show it
)

// TemporaryName is the name under which an experiment is measured for a pull request, beside the one that is kept.
func TemporaryName(name, commit, suffix string) string {
	end := "-pr-" + commit[:min(len(commit), shortHash)] + suffix
	if room := mostOfName - len(end); len(name) > room { // two long names may begin alike
		name = name[:room-shortHash-1] + "-" + v1alpha1.Hash(v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: name}})[:shortHash]
	}
	return name + end
}

// Temporary is an experiment under another name, with nothing that belongs to the one that it was made from: its own directories
// and ports, no label that others compare with, and no servers once everything is measured.
func Temporary(doc v1alpha1.ExperimentDoc, name string) v1alpha1.ExperimentDoc {
	doc.Metadata = v1alpha1.Metadata{Name: name}
	doc.Spec.WhenDone, doc.Spec.Schedule = "Stop", ""
	doc.Spec.Services = slices.Clone(doc.Spec.Services)
	for i := range doc.Spec.Services {
		s := &doc.Spec.Services[i]
		if l := s.Lustre; l != nil && filepath.IsAbs(l.Path) {
			below := *l
			below.Path = filepath.Join(l.Path, name)
			s.Lustre = &below
		}
		if p := s.Process; p != nil && p.Port != 0 && slices.ContainsFunc(p.Command, func(word string) bool { return strings.Contains(word, "$(PORT)") }) {
			free := *p
			free.Port = 0
			s.Process = &free
		}
	}
	return doc
}
