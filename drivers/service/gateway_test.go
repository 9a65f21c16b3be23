package service

import (
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestGateway: in front of one service it has that service's model and key; with servers that ask for none it is open.
func TestGateway(t *testing.T) {
	llm := v1alpha1.Service{Name: "llm", Auth: v1alpha1.AuthKey, VLLM: &v1alpha1.VLLM{Model: "m", Simulate: &v1alpha1.Simulate{}}}
	open := v1alpha1.Service{Name: "open", Process: &v1alpha1.Process{Command: []string{"serve"}}}
	e := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "exp"}, Spec: v1alpha1.ExperimentSpec{Services: []v1alpha1.Service{llm, open}}}
	site := v1alpha1.Site{Spec: v1alpha1.SiteSpec{Paths: v1alpha1.Paths{State: "/state", Work: "/work"}}}
	front := func(targets ...string) drivers.Compiled {
		c, err := Compile(site, e, v1alpha1.Service{Name: "front", Gateway: &v1alpha1.Gateway{Targets: targets}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	key := drivers.KeyFile("/state", "exp", "llm", v1alpha1.VLLMKey)
	if c := front("llm"); c.Model != "m" || !c.Simulated || c.Processes[0].Secrets[c.Processes[0].Token] != key || c.Processes[0].Protected[""] != drivers.ByToken {
		t.Errorf("in front of llm: %+v", c)
	}
	if c := front("llm", "open"); c.Model != "" || c.Processes[0].Token != "" || c.Processes[0].Protected[""] != "" || len(c.Forwards) != 2 {
		t.Errorf("in front of both: %+v", c)
	}
}
