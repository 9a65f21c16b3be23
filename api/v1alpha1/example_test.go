package v1alpha1_test

import (
	"fmt"

	"assay/api/v1alpha1"
)

// A manifest is loaded with its defaults filled in, and validated.
func ExampleLoad() {
	manifest := `
apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: quick}
spec:
  services:
    - name: llm
      vllm: {model: org/tiny, simulate: {}}
  benchmarks:
    - name: structured
      target: llm
      serving: {dataset: json, rate: 20}
`
	m, err := v1alpha1.Load([]v1alpha1.File{{Name: "quick.yaml", Data: []byte(manifest)}}, nil, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := m.Experiments[0]
	fmt.Println(e.Metadata.Name, "at site", e.Spec.Site, "from line", e.Line)
	fmt.Println(e.Spec.Services[0].Type(), "within", e.Spec.Services[0].Ready.Within)
	fmt.Println(e.Spec.Benchmarks[0].Serving.Prompts, "prompts at", e.Spec.Benchmarks[0].Serving.Rate, "requests/s")
	// Output:
	// quick at site local from line 2
	// vllm within 30m
	// 1000 prompts at 20 requests/s
}

// All problems of a manifest are reported at once, each as file:line:col: path: message (hint).
func ExampleLoad_problems() {
	manifest := `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: quick}
spec:
  services:
    - name: llm
      vllm: {modell: org/tiny}
  benchmarks:
    - name: structured
      target: lm
      timeout: 90
      serving: {dataset: yes}
`
	_, err := v1alpha1.Load([]v1alpha1.File{{Name: "quick.yaml", Data: []byte(manifest)}}, nil, "")
	fmt.Println(err)
	// Output:
	// quick.yaml:7:14: spec.services[0].vllm.modell: unknown field (did you mean model?)
	// quick.yaml:10:15: spec.benchmarks[0].target: there is no service "lm" (did you mean llm?)
	// quick.yaml:11:16: spec.benchmarks[0].timeout: 90 has no unit: write 90s, 90m or 90h
	// quick.yaml:12:26: spec.benchmarks[0].serving.dataset: yes without quotes is text to some YAML parsers and true to others (write "yes")
}
