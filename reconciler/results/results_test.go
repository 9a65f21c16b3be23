package results

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/decide"
	"assay/reconciler/plan"
)

// draw makes n values of a kind of spread that results have.
func draw(r *rand.Rand, kind string, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		switch kind {
		case "normal":
			out[i] = 100 + 5*r.NormFloat64()
		case "lognormal":
			out[i] = 100 * math.Exp(0.3*r.NormFloat64())
		case "heavy tails":
			out[i] = 100 + 5*r.NormFloat64()/math.Abs(r.NormFloat64())
		case "ties":
			out[i] = float64(100 + r.IntN(3))
		}
	}
	return out
}

// TestIntervalsCover: the interval of the mean holds the mean in 95 % of cases.
func TestIntervalsCover(t *testing.T) {
	const trials = 3000
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{2, 3, 5, 10} {
		mean := 0
		for range trials {
			if s := Summarize(draw(r, "normal", n)); s.Lo <= 100 && 100 <= s.Hi {
				mean++
			}
		}
		for what, hits := range map[string]int{"mean": mean} {
			if share := float64(hits) / trials; share < 0.935 {
				t.Errorf("%d repeats: the interval of the %s covers %.3f", n, what, share)
			}
		}
	}
}

func TestOneValueHasNoInterval(t *testing.T) {
	if s := Summarize([]float64{7}); s.Mean != 7 || !math.IsInf(s.Lo, -1) || !math.IsInf(s.Hi, 1) {
		t.Errorf("%+v", s)
	}
	if b, err := json.Marshal(Middle(decide.Of("x", 2), "x")); err != nil || string(b) != `{"median":2,"n":1}` {
		t.Errorf("%s %v", b, err)
	}
}

func TestAdjust(t *testing.T) {
	got := Adjust([]float64{0.01, 0.04, 0.03, 0.5})
	want := []float64{0.04, 4 * 0.04 / 3, 4 * 0.04 / 3, 0.5}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" || len(Adjust(nil)) != 0 {
		t.Error(diff)
	}
}

// TestInvalidRunsAreSimulatedToo: a benchmark none of whose runs count is marked all the same.
func TestInvalidRunsAreSimulatedToo(t *testing.T) {
	if g := Groups([]Row{{Benchmark: "q", Simulated: true}}); !g[0].Simulated() {
		t.Error("a group of invalid simulated runs is not marked")
	}
}

func TestRowsAndGroups(t *testing.T) {
	run := func(id, phase string, repeat int, c string, valid bool, x float64) plan.Run {
		return plan.Run{ID: id, Benchmark: "q", Phase: phase, Repeat: repeat, Point: map[string]string{"c": c},
			Result: &drivers.SuiteResult{Valid: valid, Metrics: map[string]float64{"x": x}}}
	}
	rows := Newest(Rows([]plan.Run{
		run("a", "Complete", 1, "16", true, 1), run("b", "Complete", 1, "8", true, 2), run("c", "Superseded", 2, "8", true, 3),
		run("d", "Complete", 1, "8", true, 4), run("e", "Complete", 2, "8", false, 5), run("f", "Running", 3, "8", true, 6),
	}))
	groups := Groups(rows)
	var got []any
	for _, g := range groups {
		got = append(got, g.Name(), g.Values("x"), len(g.Invalid))
	}
	want := []any{"q c=8", []float64{4}, 1, "q c=16", []float64{1}, 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Native scores and those of io500 never make one mean, not even while the benchmark that changed is half done.
func TestEnginesNeverMix(t *testing.T) {
	run := func(engine string, repeat int, x float64) plan.Run {
		return plan.Run{Benchmark: "io", Phase: "Complete", Repeat: repeat,
			Result: &drivers.SuiteResult{Valid: true, Metrics: map[string]float64{"x": x}, Versions: map[string]string{"engine": engine}}}
	}
	groups := Groups(Newest(Rows([]plan.Run{run("native", 1, 1), run("native", 2, 2), run("native", 3, 3), run("io500", 1, 10), run("io500", 2, 20)})))
	if len(groups) != 1 || groups[0].Engine() != "io500" || !cmp.Equal(groups[0].Values("x"), []float64{10, 20}) {
		t.Errorf("%+v", groups)
	}
}

func TestNatural(t *testing.T) {
	for _, pair := range [][2]string{{"c=8", "c=16"}, {"c=2", "d=1"}, {"1.5.2", "1.10"}, {"a", "ab"}, {"x9y", "x10a"}} {
		if Natural(pair[0], pair[1]) >= 0 || Natural(pair[1], pair[0]) <= 0 || Natural(pair[0], pair[0]) != 0 {
			t.Errorf("%q does not come before %q", pair[0], pair[1])
		}
	}
}

// TestRowsSayWhatWasMeasured: the model that was asked for, and the target's machines.
func TestRowsSayWhatWasMeasured(t *testing.T) {
	nodes := []drivers.Node{{Name: "n1", GPUs: []drivers.GPU{{Model: "H200"}}}}
	rows := Rows([]plan.Run{{ID: "a", Phase: v1alpha1.RunComplete, Given: &drivers.RunTarget{Model: "m"}, Result: &drivers.SuiteResult{Valid: true, Nodes: nodes}}, {ID: "b", Phase: v1alpha1.RunFailed}})
	if len(rows) != 2 || rows[0].Model != "m" || len(rows[0].Hardware) != 1 || rows[0].Hardware[0].GPUs[0].Model != "H200" || rows[1].Model != "" {
		t.Errorf("%+v", rows)
	}
}
