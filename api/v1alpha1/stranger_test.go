package v1alpha1

import (
	"strings"
	"testing"
)

// TestPipelinesBesideManifests: what a CI reads is left out with a warning where manifests are beside it, and named where not.
func TestPipelinesBesideManifests(t *testing.T) {
	manifest := File{"e.yaml", []byte("apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: a}\nspec: {services: [{name: llm, vllm: {model: m, simulate: {}}}]}\n")}
	for ci, text := range map[string]string{
		"GitHub": "name: x\non: [push]\njobs: {a: {steps: []}}\n",
		"GitLab": "stages: [test]\na: {script: [make]}\n",
	} {
		file := File{"ci.yml", []byte(text)}
		m, err := Load([]File{file, manifest}, nil, "")
		if err != nil || len(m.Experiments) != 1 || len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0].Error(), "ci.yml:1:1: is of "+ci+"'s CI") {
			t.Errorf("%s: %+v, %v", ci, m.Warnings, err)
		}
		if _, err := Load([]File{file}, nil, ""); err == nil || !strings.Contains(err.Error(), ci+"'s CI, which assay does not read") {
			t.Errorf("%s alone: %v", ci, err)
		}
	}
	half := File{"x.yaml", []byte("kind: Experiment\non: 1\njobs: {}\n")}
	if _, err := Load([]File{half, manifest}, nil, ""); err == nil {
		t.Error("a manifest with other fields was left out")
	}
}
