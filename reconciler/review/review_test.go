package review

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

var update = flag.Bool("update", false, "write the golden files")

// benchmark is one with gates on these metrics.
func benchmark(name string, concurrency int, metrics ...string) v1alpha1.Benchmark {
	b := v1alpha1.Benchmark{Name: name, Serving: &v1alpha1.Serving{Dataset: "json", Concurrency: concurrency}}
	for _, m := range metrics {
		b.Gates = append(b.Gates, v1alpha1.Gate{Metric: m, Max: &v1alpha1.Bound{Number: 1e9}})
	}
	return b
}

// point has runs whose metrics are all these values.
func point(name string, repeats int, values ...float64) Point {
	g := results.Group{Benchmark: name}
	for i, v := range values {
		g.Rows = append(g.Rows, results.Row{Benchmark: name, Repeat: i + 1, Valid: true, Simulated: true, Metrics: map[string]float64{"ttft_p99_ms": v, "output_throughput": 1e5 / v}})
	}
	return Point{g, gate.Declared{Repeats: repeats}}
}

func measured(name string, benchmarks []v1alpha1.Benchmark, points ...Point) *Measured {
	return &Measured{Name: name, Benchmarks: benchmarks, Points: points}
}

// verdicts are those of rows, each as CHECK=VERDICT.
func verdicts(r Review) string {
	var out []string
	for _, row := range r.Rows {
		out = append(out, strings.ReplaceAll(row.Check, " ", "_")+"="+row.Verdict)
	}
	return strings.Join(append(out, r.Verdict), " ")
}

// TestJudge: each kind of check with each of its ends.
func TestJudge(t *testing.T) {
	gated := []v1alpha1.Benchmark{benchmark("load", 8, "ttft.p99")}
	free := []v1alpha1.Benchmark{benchmark("load", 8)}
	same := []float64{100, 100.5, 101}
	for name, c := range map[string]struct {
		e    Experiment
		want string
	}{
		"nothing changes":           {Experiment{Unchanged: true}, "GO"},
		"8 % worse":                 {Experiment{Base: measured("e", gated, point("load", 3, same...)), Head: measured("p", gated, point("load", 3, 108, 108.5, 109))}, "it_runs=GO ttft_p99_ms=NO-GO NO-GO"},
		"the same":                  {Experiment{Base: measured("e", gated, point("load", 3, same...)), Head: measured("p", gated, point("load", 3, same...))}, "it_runs=GO ttft_p99_ms=GO GO"},
		"much better":               {Experiment{Base: measured("e", gated, point("load", 3, same...)), Head: measured("p", gated, point("load", 3, 50, 50.5, 51))}, "it_runs=GO ttft_p99_ms=GO GO"},
		"noise":                     {Experiment{Base: measured("e", gated, point("load", 3, 90, 100, 110)), Head: measured("p", gated, point("load", 3, 98, 108, 118))}, "it_runs=GO ttft_p99_ms=INCONCLUSIVE INCONCLUSIVE"},
		"one run":                   {Experiment{Base: measured("e", gated, point("load", 1, 100)), Head: measured("p", gated, point("load", 1, 200))}, "it_runs=GO ttft_p99_ms=INCONCLUSIVE INCONCLUSIVE"},
		"the gate is taken away":    {Experiment{Base: measured("e", gated, point("load", 3, same...)), Head: measured("p", free, point("load", 3, 108, 108.5, 109))}, "it_runs=GO ttft_p99_ms=NO-GO NO-GO"},
		"no gate: the headlines":    {Experiment{Base: measured("e", free, point("load", 3, same...)), Head: measured("p", free, point("load", 3, 108, 108.5, 109))}, "it_runs=GO output_throughput=NO-GO NO-GO"},
		"another load":              {Experiment{Base: measured("e", gated, point("load", 3, same...)), Head: measured("p", []v1alpha1.Benchmark{benchmark("load", 16, "ttft.p99")}, point("load", 3, same...))}, "it_runs=GO it_is_comparable=INCONCLUSIVE INCONCLUSIVE"},
		"a benchmark less":          {Experiment{Base: measured("e", gated, point("load", 3, same...)), Head: measured("p", nil)}, "it_runs=GO it_is_measured=INCONCLUSIVE INCONCLUSIVE"},
		"a new benchmark":           {Experiment{Base: measured("e", nil), Head: measured("p", gated, point("load", 3, same...))}, "it_runs=GO it_is_comparable= GO"},
		"a new experiment":          {Experiment{Head: measured("p", gated, point("load", 3, same...)), Gates: []gate.Verdict{{Gate: "g", Verdict: gate.NoGo}}}, "it_runs=GO it_is_comparable= g=NO-GO NO-GO"},
		"it is removed":             {Experiment{Base: measured("e", gated)}, "it_is_there=INCONCLUSIVE INCONCLUSIVE"},
		"it does not come up":       {Experiment{Base: measured("e", gated, point("load", 3, same...)), Head: measured("p", gated, point("load", 3)), Broken: "service llm is stalled"}, "it_runs=NO-GO ttft_p99_ms=INCONCLUSIVE NO-GO"},
		"no time":                   {Experiment{Base: measured("e", gated, point("load", 3, same...)), Head: measured("p", gated, point("load", 3, 108)), Unended: "not in time"}, "it_runs=INCONCLUSIVE ttft_p99_ms=INCONCLUSIVE INCONCLUSIVE"},
		"the base has no valid run": {Experiment{Base: measured("e", gated, point("load", 3)), Head: measured("p", gated, point("load", 3, same...))}, "it_runs=GO ttft_p99_ms=INCONCLUSIVE INCONCLUSIVE"},
	} {
		if got := verdicts(Judge(Input{Base: Side{Ref: "main"}, Allow: 5, Experiments: []Experiment{c.e}})); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestPages compares the comment and the JUnit file with golden ones. What others wrote is text in both.
func TestPages(t *testing.T) {
	gated := []v1alpha1.Benchmark{benchmark("load", 8, "ttft.p99", "output_throughput")}
	r := Judge(Input{Allow: 5, Base: Side{Ref: "main", Commit: "0123456789abcdef", Author: "Ann", Subject: "Before"},
		Head: Side{Ref: "pull/7/head", Commit: "fedcba9876543210", Author: "Eve <img src=x>", Subject: "[click](http://evil) | <b>"},
		Experiments: []Experiment{
			{Name: "chat", Base: measured("chat@4", gated, point("load", 3, 100, 100.5, 101)), Head: measured("chat-pr-fedcba9", gated, point("load", 3, 108, 108.5, 109)),
				Gates: []gate.Verdict{{Benchmark: "load", Gate: "ttft.p99 ≤ 1s", Verdict: gate.Go, Reason: "typically 108"}}},
			{Name: "rag", Unchanged: true},
			{Name: "new", Head: measured("new-pr-fedcba9", gated, point("load", 3, 100, 100.5, 101))},
		}})
	junit, err := r.JUnit()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"comment.md": r.Markdown(), "junit.xml": string(junit), "invalid.md": Invalid(r.Input, "e.yaml:3:1: spec: no").Markdown(), "nothing.md": Judge(Input{Base: r.Base, Head: r.Head, Experiments: r.Experiments[1:2]}).Markdown()} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if d := cmp.Diff(string(want), got); err != nil || d != "" {
			t.Errorf("%s: %v\n%s", name, err, d)
		}
	}
}
