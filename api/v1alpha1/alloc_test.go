package v1alpha1

import (
	"bytes"
	"fmt"
	"testing"
)

// manyServices is one experiment of n services, each with a benchmark.
func manyServices(n int) []byte {
	var b bytes.Buffer
	b.WriteString("apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e}\nspec:\n  services:\n")
	for i := range n {
		fmt.Fprintf(&b, "    - {name: s%d, vllm: {model: org/m, args: {max-model-len: 8192}}, resources: {time: 1h}}\n", i)
	}
	b.WriteString("  benchmarks:\n")
	for i := range n {
		fmt.Fprintf(&b, "    - {name: b%d, target: s%d, serving: {dataset: json, prompts: 100, rate: 5}}\n", i, i)
	}
	return b.Bytes()
}

// aChain is one experiment of n services, each of which depends on the one before.
func aChain(n int) []byte {
	var b bytes.Buffer
	b.WriteString("apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e}\nspec:\n  services:\n    - {name: s0, chroma: {}}\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "    - {name: s%d, chroma: {}, dependsOn: [s%d]}\n", i, i-1)
	}
	return b.Bytes()
}

// manyDocuments are n experiments of one service.
func manyDocuments(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "---\napiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e%d}\nspec:\n  services:\n    - {name: s, chroma: {}}\n", i)
	}
	return b.Bytes()
}

// TestAllocationsOfLoad bounds what a service and a document of a manifest cost, and holds that ten times as many cost ten
// times as much.
func TestAllocationsOfLoad(t *testing.T) {
	for name, c := range map[string]struct {
		manifest func(n int) []byte
		most     float64 // for each service or document
	}{
		"services":  {manyServices, 265},
		"a chain":   {aChain, 92},
		"documents": {manyDocuments, 158},
	} {
		cost := func(n int) float64 {
			files := []File{{Name: "f.yaml", Data: c.manifest(n)}}
			return testing.AllocsPerRun(2, func() {
				if _, err := Load(files, nil, ""); err != nil {
					t.Fatal(err)
				}
			})
		}
		few, many := cost(40), cost(400)
		if each := (many - few) / 360; each > c.most {
			t.Errorf("%s: %.0f allocations for each, at most %.0f are allowed", name, each, c.most)
		}
		if grown := many / few; grown > 10.5 {
			t.Errorf("%s: ten times as many make %.1f times as many allocations", name, grown)
		}
	}
}

// BenchmarkLoad decodes, completes and validates manifests of 100 and 1,000 services.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{100, 1000} {
		files := []File{{Name: "f.yaml", Data: manyServices(n)}}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Load(files, nil, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
