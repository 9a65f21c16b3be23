package reconciler

import (
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// TestConfigurations: what a run's result does not depend on makes no other configuration; what it does makes one.
func TestConfigurations(t *testing.T) {
	c := func(_ v1alpha1.Site, _ v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
		return drivers.Compiled{Kind: "vllm", Model: s.VLLM.Model}, nil
	}
	of := func(model string, prompts int, gates ...v1alpha1.Gate) string {
		t.Helper()
		rev := store.Revision{Experiment: "e", Site: v1alpha1.LocalSite()}
		rev.Spec.Spec.Services = []v1alpha1.Service{{Name: "llm", VLLM: &v1alpha1.VLLM{Model: model}}}
		rev.Spec.Spec.Benchmarks = []v1alpha1.Benchmark{{Name: "q", Target: "llm", Serving: &v1alpha1.Serving{Prompts: prompts}, Gates: gates}}
		made, err := Configurations(rev, c)
		if err != nil || len(made) != 1 {
			t.Fatalf("%v %v", made, err)
		}
		return made[0].Fingerprint
	}
	first := of("m", 10)
	if first == "" || of("m", 10, v1alpha1.Gate{Metric: "x"}) != first {
		t.Error("a gate makes another configuration")
	}
	if of("n", 10) == first || of("m", 20) == first {
		t.Error("another model or benchmark is the same configuration")
	}
}
