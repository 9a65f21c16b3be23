package v1alpha1

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func swept(s Sweep) Experiment {
	nodes, replicas := 1, Replicas{Number: 1}
	return Experiment{Metadata: Metadata{Name: "e"}, Spec: ExperimentSpec{
		Services: []Service{{Name: "llm", Nodes: &nodes, Replicas: &replicas, VLLM: &VLLM{Model: "m"},
			Secrets: map[string]Secret{"T": {Env: "T", Digest: "abc"}}}},
		Benchmarks: []Benchmark{{Name: "q", Target: "llm", Serving: &Serving{Dataset: "json"}}},
		Sweep:      &s,
	}}
}

// TestSweepAt: every type of value arrives where its path leads, what is declared stays as it was, digests are kept.
func TestSweepAt(t *testing.T) {
	e := swept(Sweep{
		Matrix: map[string][]any{
			"services.llm.nodes": {2.0}, "services.llm.ready.within": {"90s"}, "services.llm.vllm.args.max-num-seqs": {64.0},
			"services.llm.env.MODE": {"fast"}, "benchmarks.q.serving.rate": {"inf"}, "services.llm.vllm.simulate.itl": {"2ms"},
		},
		Bind: map[string]string{"services.llm.vllm.pipelineParallel": "services.llm.nodes"},
	})
	e.Spec.Sweep.Declared = &Declared{e.Spec.Services, e.Spec.Benchmarks}
	points := e.Points()
	if len(points) != 1 {
		t.Fatal(points)
	}
	before := text(e)
	at, err := e.At(points[0])
	if err != nil {
		t.Fatal(err)
	}
	s := at.Spec.Services[0]
	got := []any{*s.Nodes, s.Ready.Within.String(), s.VLLM.Args["max-num-seqs"], s.Env["MODE"], s.VLLM.PipelineParallel, s.VLLM.Simulate.ITL.String(),
		s.Secrets["T"].Digest, at.Spec.Benchmarks[0].Serving.Rate.Inf(), at.Spec.Sweep == nil}
	if diff := cmp.Diff([]any{2, "1m30s", 64.0, "fast", 2, "2ms", "abc", true, true}, got); diff != "" {
		t.Error(diff)
	}
	if after := text(e); after != before {
		t.Errorf("the experiment changed: %s", cmp.Diff(before, after))
	}
}

// TestSweepLaws: points are distinct, keep to the exclusions, and change services as seldom as can be.
func TestSweepLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Sweep{Matrix: map[string][]any{}}
		for _, path := range []string{"services.llm.nodes", "services.llm.vllm.tensorParallel", "benchmarks.q.serving.concurrency", "benchmarks.q.serving.prompts"} {
			for range rapid.IntRange(0, 3).Draw(t, path) {
				s.Matrix[path] = append(s.Matrix[path], float64(rapid.IntRange(1, 3).Draw(t, "value")))
			}
		}
		zipped := rapid.IntRange(0, 2).Draw(t, "zip")
		for i := range zipped {
			if s.Zip == nil {
				s.Zip = map[string][]any{}
			}
			s.Zip["services.llm.replicas"] = append(s.Zip["services.llm.replicas"], float64(i+1))
			s.Zip["benchmarks.q.serving.seed"] = append(s.Zip["benchmarks.q.serving.seed"], float64(i))
		}
		if rapid.Bool().Draw(t, "exclude") {
			s.Exclude = []map[string]any{{"services.llm.nodes": 1.0, "benchmarks.q.serving.concurrency": 2.0}}
		}
		seen, settings, changes, last := map[string]bool{}, map[string]bool{}, 0, ""
		for _, p := range swept(s).Points() {
			if seen[text(p)] {
				t.Fatalf("%s twice", p)
			}
			seen[text(p)] = true
			if p["services.llm.nodes"] == 1.0 && p["benchmarks.q.serving.concurrency"] == 2.0 && len(s.Exclude) > 0 {
				t.Fatalf("%s is excluded", p)
			}
			now := fmt.Sprint(p["services.llm.nodes"], p["services.llm.vllm.tensorParallel"], p["services.llm.replicas"])
			if now != last {
				changes++
			}
			settings[now], last = true, now
		}
		if changes != len(settings) {
			t.Fatalf("the service changes %d times over %d settings", changes, len(settings))
		}
	})
}

// TestShort: names are as short as they can be told apart.
func TestShort(t *testing.T) {
	p := Point{"services.a.nodes": 1.0, "services.b.nodes": 2.0, "benchmarks.q.serving.rate": "inf"}
	if diff := cmp.Diff(map[string]string{"a.nodes": "1", "b.nodes": "2", "rate": "inf"}, p.Short()); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkCheckSweep validates the most points that a sweep can have.
func BenchmarkCheckSweep(b *testing.B) {
	manifest := "apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e}\nspec:\n  services: [{name: llm, vllm: {model: m}}]\n" +
		"  benchmarks: [{name: q, target: llm, serving: {dataset: json}}]\n  sweep:\n    matrix:\n      benchmarks.q.serving.concurrency: ["
	for i := range maxPoints {
		manifest += fmt.Sprintf("%d,", i+1)
	}
	manifest += "]\n"
	for b.Loop() {
		if _, err := Load([]File{{Name: "f.yaml", Data: []byte(manifest)}}, nil, ""); err != nil {
			b.Fatal(err)
		}
	}
}
