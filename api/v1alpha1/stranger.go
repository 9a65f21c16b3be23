package v1alpha1

import (
	"bytes"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// begin is what to do with a file that another program reads.
const begin = "assay init writes a manifest to start from"

var (
	helmWords = regexp.MustCompile(`\{\{-?\s*(\.Values|\.Release|\.Chart|include\s+")`)
	sbatchRow = regexp.MustCompile(`(?m)^#SBATCH\b`)
	kubeKind  = regexp.MustCompile(`^[A-Za-z]{1,63}$`)
	kubeGroup = regexp.MustCompile(`^([a-z0-9.-]+/)?v[0-9]+((alpha|beta)[0-9]+)?$`)
)

// strangeText recognizes a file of another program that need not be YAML, by what cannot be in a manifest; nil: it is not one.
func strangeText(data []byte, readable bool) *Problem {
	if at := helmWords.FindIndex(data); at != nil {
		line := 1 + bytes.Count(data[:at[0]], []byte("\n"))
		col := at[0] - bytes.LastIndexByte(data[:at[0]], '\n')
		return &Problem{Line: line, Col: col, Message: "is a template of a Helm chart: assay reads neither templates nor what they become, objects of Kubernetes", Hint: begin}
	}
	if !readable && sbatchRow.Match(data) {
		return &Problem{Line: 1, Col: 1, Message: "is a batch script of Slurm: assay writes those itself, from a manifest", Hint: begin + "; its last lines become process: {command: […]}"}
	}
	return nil
}

// ciOf names the CI whose configuration a document is; empty: it is none.
func ciOf(root *yaml.Node) string {
	if lookup(root, "apiVersion") != nil || lookup(root, "kind") != nil {
		return ""
	}
	if lookup(root, "on") != nil && lookup(root, "jobs") != nil {
		return "GitHub's CI"
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if job := root.Content[i+1]; job.Kind == yaml.MappingNode && lookup(job, "script") != nil {
			return "GitLab's CI"
		}
	}
	return ""
}

// withoutPipelines leaves out what a CI reads, with a warning: it lies beside the manifests that it is about. Alone it is a problem.
func withoutPipelines(docs []*document) []*document {
	rest := slices.DeleteFunc(slices.Clone(docs), func(d *document) bool { return d.pipeline })
	if len(rest) == 0 {
		return docs
	}
	for _, d := range docs {
		if d.pipeline {
			p := d.problems[0]
			p.Message, p.Hint = p.Message+", and is left out", ""
			rest[0].warnings = append(rest[0].warnings, p)
		}
	}
	return rest
}

// strange recognizes a document of another program; message is empty when it can be a manifest.
func strange(root *yaml.Node) (message, hint string) {
	text := func(key string) string {
		if n := lookup(root, key); n != nil {
			return n.Value
		}
		return ""
	}
	has := func(key string) bool { return lookup(root, key) != nil }
	version, kind := text("apiVersion"), text("kind")
	services := lookup(root, "services")
	switch {
	case version == APIVersion || Nearest(kind, []string{KindSite, KindExperiment}) != "":
		return "", ""
	case kind == "" && has("apiVersion") && has("name") && has("version"):
		return "is the Chart.yaml of a Helm chart, which assay does not read", begin
	case kind != "" && kubeGroup.MatchString(version):
		if !kubeKind.MatchString(kind) {
			kind = "object"
		}
		return "is of Kubernetes (" + kind + "), which assay does not read", begin + "; a container becomes a service with image and process: {command: […]}"
	case has("apiVersion") || has("kind"):
		return "", ""
	case ciOf(root) != "":
		return "is of " + ciOf(root) + ", which assay does not read", begin
	case services != nil && services.Kind == yaml.MappingNode:
		return "is a Compose file, which assay does not read", begin + "; a service of Compose becomes one with image and process: {command: […]}"
	case has("replicaCount") || has("nameOverride") || has("image") && !has("services"):
		return "looks like the values of a Helm chart, which assay does not read", begin
	case !slices.ContainsFunc([]string{"metadata", "spec"}, has):
		return "has no apiVersion, kind, metadata or spec, so it is no manifest", "begin with apiVersion: " + APIVersion + " and kind: " + KindExperiment + "; " + begin
	}
	return "", ""
}
