package edit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
)

// Text is a stored experiment as a manifest. Digests of secrets are left out: they are no part of one. Of a sweep what was declared
// is shown, and not its first point.
func Text(rev store.Revision) (string, error) {
	e := rev.Spec
	if e.Spec.Sweep != nil && e.Spec.Sweep.Declared != nil {
		sweep := *e.Spec.Sweep
		e.Spec.Services, e.Spec.Benchmarks, sweep.Declared = sweep.Declared.Services, sweep.Declared.Benchmarks, nil
		e.Spec.Sweep = &sweep
	}
	e.Spec.Services = slices.Clone(e.Spec.Services)
	for i, s := range e.Spec.Services {
		secrets := maps.Clone(s.Secrets)
		for name, ref := range secrets {
			ref.Digest = ""
			secrets[name] = ref
		}
		e.Spec.Services[i].Secrets = secrets
	}
	b, err := v1alpha1.Encode(e)
	return string(b), err
}

// Header says what the file is.
func Header(rev store.Revision) string {
	h := fmt.Sprintf("Experiment %s, revision %d, as it is stored. What you save becomes the next revision and is applied.\nSaving it unchanged, or empty, cancels. Lines up here that begin with # do not count.", rev.Experiment, rev.Generation)
	if rev.Origin.Path != "" && rev.Origin.Source == "apply" {
		h += fmt.Sprintf("\nThe file %s stays as it is: applying it again brings back what it says.", rev.Origin.Path)
	}
	return h
}

// commented puts lines on top of a text as comments.
func commented(header, text string) string {
	return "# " + strings.ReplaceAll(header, "\n", "\n# ") + "\n" + text
}

// uncommented is a text without the comments that it begins with.
func uncommented(text string) string {
	for strings.HasPrefix(text, "#") {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

// Same checks that a manifest holds the experiment that was opened, and nothing else: its name and site say which it is.
func Same(was store.Revision, m v1alpha1.Manifest) error {
	switch {
	case len(m.Sites) > 0 || len(m.Experiments) != 1:
		return fmt.Errorf("it holds %d experiments and %d sites, and has to hold experiment %s alone; apply others from a file: assay apply -f FILE", len(m.Experiments), len(m.Sites), was.Experiment)
	case m.Experiments[0].Metadata.Name != was.Experiment:
		return fmt.Errorf("metadata.name was %s and is %s: an experiment keeps its name; for another one: assay apply -f FILE", was.Experiment, m.Experiments[0].Metadata.Name)
	case m.Experiments[0].Spec.Site != was.Spec.Spec.Site:
		return fmt.Errorf("spec.site was %s and is %s: an experiment stays at its site; for another one: assay apply -f FILE", was.Spec.Spec.Site, m.Experiments[0].Spec.Site)
	}
	return nil
}
