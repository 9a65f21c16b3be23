package view

import (
	"strings"
	"testing"

	"assay/api/v1alpha1"
)

// TestVerdict: problems, in the order of their places, are data; what is valid is talk.
func TestVerdict(t *testing.T) {
	var out, talk strings.Builder
	m := v1alpha1.Manifest{Experiments: []v1alpha1.ExperimentDoc{{Experiment: v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "e"}}, File: "good.yaml"}},
		Warnings: []v1alpha1.Problem{{File: "good.yaml", Line: 3, Col: 1, Path: "spec.x", Message: "is odd"}}}
	Verdict(&out, &talk, m, []v1alpha1.File{{Name: "good.yaml"}, {Name: "site.yaml"}},
		[]v1alpha1.Problem{{File: "b.yaml", Line: 2, Col: 1, Message: "second"}, {File: "b.yaml", Line: 1, Col: 5, Message: "first"}},
		[]v1alpha1.Problem{{File: "a.yaml", Line: 1, Col: 1, Message: "cannot be read"}})
	const wantOut = "a.yaml:1:1: cannot be read\nb.yaml:1:5: first\nb.yaml:2:1: second\ngood.yaml:3:1: spec.x: warning: is odd\n"
	const wantTalk = "good.yaml is valid: experiment/e\nsite.yaml is valid\n2 of 4 files not valid, 3 problems\n"
	if out.String() != wantOut || talk.String() != wantTalk {
		t.Errorf("out\n%s\ntalk\n%s", out.String(), talk.String())
	}
}
