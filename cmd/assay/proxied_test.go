package main

import (
	"context"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

// TestProxyCompilesOnce: a proxy that looks for its servers every second compiles the service when its revision changes, and not
// otherwise.
func TestProxyCompilesOnce(t *testing.T) {
	st, err := store.Open(t.TempDir(), store.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	accept := func(name, model string) {
		t.Helper()
		var e v1alpha1.Experiment
		e.Metadata.Name = name
		e.Spec.Services = []v1alpha1.Service{{Name: "llm", VLLM: &v1alpha1.VLLM{Model: model, Simulate: &v1alpha1.Simulate{}}}}
		if _, _, err := st.Accept(store.Revision{Experiment: name, Spec: e}); err != nil {
			t.Fatal(err)
		}
	}
	accept("e", "m")
	compiled := 0
	p := proxied{name: "e/llm", store: st, heads: store.HeadsReader{Store: st},
		compile: func(site v1alpha1.Site, e v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
			compiled++
			return compileService(site, e, s)
		},
		reader: &view.Reader{Store: st, Observe: func(context.Context) ([]v1alpha1.ExperimentStatus, error) { return nil, nil }},
	}
	for i, change := range []func(){func() {}, func() {}, func() {}, func() { accept("other", "m") }, func() { accept("e", "n") }, func() {}} {
		change()
		if all, err := p.servers(t.Context()); err != nil || len(all) != 0 {
			t.Fatalf("look %d: %v, %v", i, all, err)
		}
	}
	if compiled != 2 {
		t.Errorf("it was compiled %d times in 6 looks at 2 revisions", compiled)
	}
}
