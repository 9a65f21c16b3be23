package v1alpha1

import (
	"slices"
	"strings"
	"testing"
)

const withFiles = `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: a}
spec:
  services:
    - {name: llm, vllm: {model: m, simulate: {}}}
    - {name: docs, chroma: {}}
  benchmarks:
    - {name: one, target: llm, serving: {dataset: custom, file: data/x.jsonl, prompts: 10}}
    - {name: two, target: docs, vector: {file: ../v.npy, queryFile: /abs/q.npy}, gates: [{metric: recall_at_k, baseline: "file:base.json", maxDrop: 5%}]}
`

// TestRelativeFiles count from the folder of the manifest that their user typed, and are refused where there is none.
func TestRelativeFiles(t *testing.T) {
	files := []File{{"exp/a.yaml", []byte(withFiles)}}
	m, err := LoadTyped(files, map[string]string{"exp/a.yaml": "/home/me/exp"}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	m.Experiments[0].EachFile(func(path string) string { got = append(got, path); return "/new" + path })
	want := []string{"/home/me/exp/data/x.jsonl", "/home/me/v.npy", "/abs/q.npy", "/home/me/exp/base.json"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if b := m.Experiments[0].Spec.Benchmarks; b[0].Serving.File != "/new"+want[0] || b[1].Gates[0].Baseline != "file:/new"+want[3] {
		t.Errorf("not written down: %+v %+v", b[0].Serving.File, b[1].Gates[0].Baseline)
	}
	for name, load := range map[string]func() (Manifest, error){
		"no folder": func() (Manifest, error) { return LoadTyped(files, nil, nil, "") },
		"followed":  func() (Manifest, error) { return LoadFollowed(files, nil, "") },
	} {
		if _, err := load(); err == nil || !strings.Contains(err.Error(), "exp/a.yaml:9:") || !strings.Contains(err.Error(), "absolute path") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for path, want := range map[string]bool{"a": true, "./a": true, "../a": true, "/a": false, "~/a": false, "": false} {
		if Relative(path) != want {
			t.Errorf("%q", path)
		}
	}
}
