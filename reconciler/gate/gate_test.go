package gate

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/decide"
	"assay/reconciler/results"
)

func group(values ...float64) results.Group {
	g := results.Group{Benchmark: "q"}
	for _, v := range values {
		g.Rows = append(g.Rows, results.Row{Valid: true, Metrics: map[string]float64{"ttft_p99_ms": v, "output_throughput": v, "ingest_vectors_per_s": v, "error_rate_percent": v}})
	}
	return g
}

func bound(n float64) *v1alpha1.Bound { return &v1alpha1.Bound{Number: n} }

func TestVerdicts(t *testing.T) {
	half := &v1alpha1.Bound{Time: v1alpha1.Duration(500 * time.Millisecond)}
	simulated := group(100, 100.5, 101)
	for i := range simulated.Rows {
		simulated.Rows[i].Simulated = true
	}
	native, io500 := group(100, 100.1, 100.2), group(100, 100.1, 100.2)
	for i := range native.Rows {
		native.Rows[i].Versions, io500.Rows[i].Versions = map[string]string{"engine": "native"}, map[string]string{"engine": "io500"}
	}
	over := group(100, 101, 102) // three runs that were overloaded
	for i := range over.Rows {
		delete(over.Rows[i].Metrics, "ttft_p99_ms")
		over.Rows[i].Reasons = []drivers.Reason{{Reason: drivers.Overloaded}}
	}
	few := group(100, 101, 102)
	delete(few.Rows[1].Metrics, "ttft_p99_ms")
	failed := group(100, 101, 102)
	failed.Invalid = make([]results.Row, 1)
	for name, test := range map[string]struct {
		gate     v1alpha1.Gate
		group    results.Group
		baseline results.Group
		verdict  string
		reason   string
	}{
		"within":             {v1alpha1.Gate{Metric: "ttft.p99", Max: half}, group(400, 401, 402), results.Group{}, Go, "typically 401 [398.5, 403.5 ms] over 3 runs, max 500 ms; differences between deployments of the server are not covered"},
		"beyond":             {v1alpha1.Gate{Metric: "ttft.p99", Max: half}, group(600, 601, 602), results.Group{}, NoGo, "max 500 ms"},
		"bound inside":       {v1alpha1.Gate{Metric: "ttft_p99_ms", Max: half}, group(450, 500, 540), results.Group{}, Inconclusive, "lies within the interval"},
		"one run":            {v1alpha1.Gate{Metric: "ttft.p99", Max: half}, group(1), results.Group{}, Inconclusive, "raise repeats"},
		"min":                {v1alpha1.Gate{Metric: "output_throughput", Min: bound(99)}, group(100, 100.1, 100.2), results.Group{}, Go, "min 99"},
		"below min":          {v1alpha1.Gate{Metric: "output_throughput", Min: bound(101)}, group(100, 100.1, 100.2), results.Group{}, NoGo, "min 101"},
		"both":               {v1alpha1.Gate{Metric: "output_throughput", Min: bound(1), Max: bound(50)}, group(100, 100.1, 100.2), results.Group{}, NoGo, "max 50"},
		"missing":            {v1alpha1.Gate{Metric: "goodput", Min: bound(0)}, group(1, 2, 3), results.Group{}, Inconclusive, "3 of 3 runs have no metric goodput"},
		"overloaded":         {v1alpha1.Gate{Metric: "ttft.p99", Max: half}, over, results.Group{}, Inconclusive, "3 were overloaded"},
		"its throughput":     {v1alpha1.Gate{Metric: "output_throughput", Min: bound(90)}, over, results.Group{}, Go, "min 90"},
		"too few requests":   {v1alpha1.Gate{Metric: "ttft.p99", Max: half}, few, results.Group{}, Inconclusive, "1 of 3 runs have no metric ttft.p99: it needs 662 requests"},
		"none":               {v1alpha1.Gate{Metric: "ttft.p99", Max: half}, group(), results.Group{}, Inconclusive, "no valid run"},
		"a failed repeat":    {v1alpha1.Gate{Metric: "ttft.p99", Max: half}, failed, results.Group{}, Inconclusive, "1 invalid or failed run(s) not counted"},
		"no time":            {v1alpha1.Gate{Metric: "output_throughput", Max: half}, group(1, 2, 3), results.Group{}, Inconclusive, "is not a time"},
		"small drop":         {v1alpha1.Gate{Metric: "output_throughput", Baseline: "b", MaxDrop: 5}, group(99, 99.1, 99.2), group(100, 100.1, 100.2), Go, "change against b"},
		"large drop":         {v1alpha1.Gate{Metric: "output_throughput", Baseline: "b", MaxDrop: 5}, group(90, 90.1, 90.2), group(100, 100.1, 100.2), NoGo, "min -5%"},
		"perhaps a drop":     {v1alpha1.Gate{Metric: "output_throughput", Baseline: "b", MaxDrop: 5}, group(90, 95, 100), group(98, 100, 102), Inconclusive, "raise repeats"},
		"rise":               {v1alpha1.Gate{Metric: "ttft.p99", Baseline: "b", MaxRise: 5}, group(120, 120.1, 120.2), group(100, 100.1, 100.2), NoGo, "max 5%"},
		"drop and rise":      {v1alpha1.Gate{Metric: "output_throughput", Baseline: "b", MaxDrop: 5, MaxRise: 5}, group(90, 90.1, 90.2), group(100, 100.1, 100.2), NoGo, "max 5%; typically -9.9"},
		"baseline of zero":   {v1alpha1.Gate{Metric: "output_throughput", Baseline: "b", MaxRise: 5}, group(1, 2, 3), group(0, 0, 0), Inconclusive, "of zero"},
		"no number":          {v1alpha1.Gate{Metric: "output_throughput", Min: bound(1)}, group(1, math.NaN(), 3), results.Group{}, Inconclusive, "not a number"},
		"simulated and real": {v1alpha1.Gate{Metric: "ttft.p99", Baseline: "b", MaxRise: 5}, group(100, 100.1, 100.2), simulated, Inconclusive, "simulated"},
		"two engines":        {v1alpha1.Gate{Metric: "output_throughput", Baseline: "b", MaxDrop: 5}, native, io500, Inconclusive, "never compared"},
		"a rate per second":  {v1alpha1.Gate{Metric: "ingest_vectors_per_s", Max: half}, group(1, 2, 3), results.Group{}, Inconclusive, "is not a time"},
		"unit of a rate":     {v1alpha1.Gate{Metric: "ingest_vectors_per_s", Min: bound(1)}, group(2, 2, 2), results.Group{}, Go, "min 1 vectors/s"},
		"unit of a share":    {v1alpha1.Gate{Metric: "error_rate", Max: bound(1)}, group(0, 0, 0), results.Group{}, Go, "max 1 %"},
		"the wrong way":      {v1alpha1.Gate{Metric: "ttft.p99", Min: bound(1)}, group(2, 2, 2), results.Group{}, Go, "note that lower is better for ttft_p99_ms"},
		"no Prometheus":      {v1alpha1.Gate{PromQL: "up", Min: bound(1)}, group(1, 1, 1), results.Group{}, Inconclusive, "down"},
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(v1alpha1.Gate, []results.Row) ([]float64, error) { return nil, errors.New("down") }
			v := Evaluate(test.gate, test.group, Declared{}, ask, func(string, results.Group) (results.Group, error) { return test.baseline, nil })
			if v.Verdict != test.verdict || !strings.Contains(v.Reason, test.reason) {
				t.Errorf("%s: %s", v.Verdict, v.Reason)
			}
		})
	}
}

func TestOverall(t *testing.T) {
	for words, want := range map[string]string{"": Inconclusive, Go: Go, Go + " " + Inconclusive: Inconclusive, Inconclusive + " " + NoGo + " " + Go: NoGo} {
		var all []Verdict
		for _, w := range strings.Fields(words) {
			all = append(all, Verdict{Verdict: w})
		}
		if got := Overall(all); got != want {
			t.Errorf("%q: %s", words, got)
		}
	}
}

// TestWhatIsMissing: a repeat that is declared and has no result keeps a gate from passing, and from failing; but repeats
// that may end early have ended when the look that was due decides.
func TestWhatIsMissing(t *testing.T) {
	gate := v1alpha1.Gate{Metric: "ttft_p99_ms", Max: bound(500)}
	slow := v1alpha1.Gate{Metric: "ttft_p99_ms", Max: bound(50)}
	numbered := func(values ...float64) results.Group {
		g := group(values...)
		for i := range g.Rows {
			g.Rows[i].Repeat = i + 1
		}
		return g
	}
	early := decide.Design{Runs: 9, Early: true}
	for name, test := range map[string]struct {
		gate    v1alpha1.Gate
		group   results.Group
		of      Declared
		verdict string
		reason  string
	}{
		"all":                   {gate, numbered(100, 101, 102), Declared{Repeats: 3}, Go, "over 3 runs"},
		"two of nine":           {gate, numbered(100, 101), Declared{Repeats: 9}, Inconclusive, "7 of 9 repeats have not ended: 3-9; so far: typically"},
		"two of nine, too slow": {slow, numbered(100, 101), Declared{Repeats: 9}, Inconclusive, "7 of 9 repeats"},
		"none of nine":          {gate, group(), Declared{Repeats: 9}, Inconclusive, "9 of 9 repeats have not ended: 1-9"},
		"decided early":         {gate, numbered(100, 101, 102), Declared{9, early}, Go, "over 3 runs"},
		"no look yet":           {gate, numbered(100, 101), Declared{9, early}, Inconclusive, "7 of 9 repeats"},
		"not decided":           {gate, numbered(100, 480, 600), Declared{9, early}, Inconclusive, "6 of 9 repeats"},
		"an outlier beyond":     {gate, numbered(100, 101, 102, 100, 900), Declared{Repeats: 5}, Inconclusive, "1 of them are beyond the bound"},
		"an outlier within":     {gate, numbered(100, 101, 102, 100, 300), Declared{Repeats: 5}, Go, "1 run(s) lie far apart"},
	} {
		v := Evaluate(test.gate, test.group, test.of, nil, nil)
		if v.Verdict != test.verdict || !strings.Contains(v.Reason, test.reason) {
			t.Errorf("%s: %s: %s", name, v.Verdict, v.Reason)
		}
	}
}
