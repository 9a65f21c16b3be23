package reconciler

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
)

func TestChangesNamesTheFields(t *testing.T) {
	two := 2
	before := v1alpha1.Service{Name: "llm", VLLM: &v1alpha1.VLLM{Model: "m1"}, Env: map[string]string{"A": "1"}}
	after := v1alpha1.Service{Name: "llm", VLLM: &v1alpha1.VLLM{Model: "m2"}, Nodes: &two}
	want := []string{`env.A: "1" -> (unset)`, `nodes: (unset) -> 2`, `vllm.model: "m1" -> "m2"`}
	if diff := cmp.Diff(want, changes(before, after)); diff != "" {
		t.Error(diff)
	}
	if got := changes(before, before); len(got) > 0 {
		t.Errorf("the same: %v", got)
	}
}
