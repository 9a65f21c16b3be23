package changes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"assay/reconciler/decide"
	"assay/reconciler/results"
)

// series are values around the levels of its parts, with a spread as a share of them.
func series(r *rand.Rand, spread float64, tail bool, parts ...[2]float64) (out []float64) {
	for _, part := range parts {
		for range int(part[0]) {
			noise := r.NormFloat64() * spread
			if tail {
				noise = math.Exp(r.NormFloat64()*spread) - 1
			}
			out = append(out, part[1]*(1+noise))
		}
	}
	return out
}

// TestFalseAlarms: of series without a change at most 5 % show one, short or long, with light tails or heavier ones. Allowed are
// three standard deviations of what 2,000 series can show by chance.
func TestFalseAlarms(t *testing.T) {
	const many = 2000
	most := many*decide.Alpha + 3*math.Sqrt(many*decide.Alpha*(1-decide.Alpha))
	for _, n := range []int{4, 5, 12, 60} {
		for _, tail := range []bool{false, true} {
			r, alarms := rand.New(rand.NewPCG(uint64(n), 7)), 0
			for range many {
				if len(Find(series(r, 0.02, tail, [2]float64{float64(n), 100}), decide.Alpha)) > 0 {
					alarms++
				}
			}
			if float64(alarms) > most {
				t.Errorf("%d values (tail %v): %d of %d series without a change show one", n, tail, alarms, many)
			}
		}
	}
}

// TestPower: a change of 8 % among 12 values that scatter by 2 % is found, and at its place, in at least 9 of 10 series in the
// middle, and in more than half when only the last value has it.
func TestPower(t *testing.T) {
	const many = 500
	for _, x := range []struct {
		before, after float64
		least         int
	}{{6, 6, 450}, {8, 4, 450}, {10, 2, 400}, {11, 1, 250}} {
		r, found := rand.New(rand.NewPCG(uint64(x.before), 3)), 0
		for range many {
			c := Find(series(r, 0.02, false, [2]float64{x.before, 100}, [2]float64{x.after, 108}), decide.Alpha)
			if slices.ContainsFunc(c, func(c Change) bool { return c.At == int(x.before) }) {
				found++
			}
		}
		if found < x.least {
			t.Errorf("8 %% after %v of 12: found in %d of %d, want %d", x.before, found, many, x.least)
		}
	}
}

// TestSeveralChanges: each is found, with the levels around it; equal values have none, and a step without noise is certain.
func TestSeveralChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	got := Find(series(r, 0.01, false, [2]float64{10, 100}, [2]float64{10, 120}, [2]float64{10, 90}), decide.Alpha)
	if len(got) != 2 || got[0].At != 10 || got[1].At != 20 || math.Abs(got[0].After-120) > 2 || math.Abs(got[1].After-90) > 2 {
		t.Errorf("%+v", got)
	}
	if c := Find([]float64{3, 3, 3, 3, 3, 3}, decide.Alpha); len(c) > 0 {
		t.Errorf("equal values: %+v", c)
	}
	if c := Find([]float64{0, 0, 0, 1, 1, 1}, decide.Alpha); len(c) != 1 || c[0].At != 3 || c[0].P != 0 || c[0].After != 1 {
		t.Errorf("a step: %+v", c)
	}
	if c := Find([]float64{1, 1, 9}, decide.Alpha); len(c) > 0 {
		t.Errorf("three values: %+v", c)
	}
}

// TestBisect names the commit. A revision without runs of its own is no step; worse is what the metric says; two revisions tell nothing.
func TestBisect(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var all []Revision
	for i := range 12 {
		rev := Revision{Generation: int64(i + 1), Commit: fmt.Sprintf("c%02d", i), Author: "Ann"}
		if i == 4 {
			rev.Rows = all[3].Rows
			all = append(all, rev)
			continue
		}
		level := 100.0
		if i >= 7 {
			level = 108
		}
		for repeat := range 3 {
			v := level * (1 + 0.01*r.NormFloat64())
			rev.Rows = append(rev.Rows, results.Row{Run: fmt.Sprintf("r%d-%d", i, repeat), Benchmark: "q", Valid: true,
				Metrics: map[string]float64{"ttft_p99_ms": v, "output_throughput": v}})
		}
		if i < 2 {
			rev.Rows = append(rev.Rows, results.Row{Run: fmt.Sprintf("s%d", i), Benchmark: "young", Valid: true, Metrics: map[string]float64{"ttft_p99_ms": 1}})
		}
		all = append(all, rev)
	}
	for metric, worse := range map[string]bool{"ttft.p99": true, "output_throughput": false} {
		got := Bisect(all, metric)
		if len(got[0].Steps) != 11 {
			t.Fatalf("%s: %d steps", metric, len(got[0].Steps))
		}
		for _, step := range got[0].Steps {
			if want := step.Commit == "c07"; (step.Change != nil) != want || step.Worse != (want && worse) || want && math.Abs(step.By-0.08) > 0.02 {
				t.Errorf("%s: %+v", metric, step)
			}
		}
	}
	if got := Bisect(all, "ttft.p99"); len(got) != 2 || got[1].Note == "" {
		t.Errorf("two revisions: %+v", got)
	}
	if got := Bisect(all, "no.such"); len(got) != 0 {
		t.Errorf("no such metric: %+v", got)
	}
}
