package v1alpha1

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCheckQueries: every expression of a manifest is parsed once, those of a sweep's points too, and a problem has its place.
func TestCheckQueries(t *testing.T) {
	const text = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: a}
spec:
  services:
    - name: llm
      vllm: {model: m, simulate: {}}
      replicas: {min: 1, max: 4, metric: bad, target: 8}
    - {name: two, vllm: {model: m, simulate: {}}, replicas: {min: 1, max: 4, metric: good, target: 8}}
  benchmarks:
    - {name: b, target: llm, serving: {dataset: json}, gates: [{promql: bad, min: 1}, {metric: ttft.mean, max: 1s}]}
  sweep:
    matrix: {services.two.replicas.metric: [good, worse]}
`
	m, err := Load([]File{{Name: "f.yaml", Data: []byte(text)}}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	err = m.CheckQueries(func(expr string) error {
		if asked[expr]++; expr != "good" {
			return errors.New("is not valid PromQL")
		}
		return nil
	})
	want := "f.yaml:8:42: spec.services[0].replicas.metric: is not valid PromQL\n" +
		"f.yaml:9:86: spec.services[1].replicas.metric: is not valid PromQL\n" +
		"f.yaml:11:73: spec.benchmarks[0].gates[0].promql: is not valid PromQL"
	if err == nil {
		t.Fatal("all were accepted")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"bad": 1, "good": 1, "worse": 1}, asked); diff != "" {
		t.Error(diff)
	}
}
