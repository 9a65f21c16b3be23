package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"assay/reconciler/results"
)

// mains are the names of the metrics that are compared unless others are asked for.
var mains = func() (out []string) {
	for _, m := range results.Catalogue() {
		if m.Prominence >= results.Compared {
			out = append(out, strings.ReplaceAll(m.Name, "<K>", "10"))
		}
	}
	return out
}()

// sweep makes groups as a benchmark leaves them: points with repeats, and metrics that hang together, since those of one
// run share its luck. The factor is what all of it is multiplied with.
func sweep(r *rand.Rand, points, repeats int, factor float64) []results.Group {
	var out []results.Group
	for p := range points {
		g := results.Group{Benchmark: "q", Point: map[string]string{"c": strconv.Itoa(p)}}
		for range repeats {
			luck, m := r.NormFloat64(), map[string]float64{}
			for i, name := range mains {
				sign := 1 - 2*float64(i%2) // throughput goes down when latency goes up
				m[name] = factor * 100 * math.Exp(0.05*(sign*luck+r.NormFloat64()))
			}
			g.Rows = append(g.Rows, results.Row{Valid: true, Metrics: m})
		}
		out = append(out, g)
	}
	return out
}

func called(rows []Row) (n int) {
	for _, r := range rows {
		if r.Different {
			n++
		}
	}
	return n
}

// TestEqualThingsAreSeldomCalledDifferent: of comparisons of equal things, whole tables as the command prints them, at
// most 5 % call any difference. The tolerance is three standard errors of the count.
func TestEqualThingsAreSeldomCalledDifferent(t *testing.T) {
	const trials = 100
	limit := trials*results.Alpha + 3*math.Sqrt(trials*results.Alpha*(1-results.Alpha))
	r := rand.New(rand.NewPCG(5, 6))
	for _, shape := range [][2]int{{1, 3}, {1, 5}, {4, 10}} {
		wrong, alone := 0, 0
		for range trials {
			rows := Groups(sweep(r, shape[0], shape[1], 1), sweep(r, shape[0], shape[1], 1), nil)
			if called(rows) > 0 {
				wrong++
			}
			for _, row := range rows {
				if row.Doubtful() || row.Different {
					alone++
					break
				}
			}
		}
		if float64(wrong) > limit {
			t.Errorf("%d points, %d repeats: %d of %d comparisons of equal things call a difference", shape[0], shape[1], wrong, trials)
		}
		if shape == [2]int{4, 10} && alone < trials/4 {
			t.Errorf("row by row only %d of %d would: the test has no teeth", alone, trials)
		}
	}
}

func TestARealDifferenceIsCalled(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	rows := Groups(sweep(r, 2, 5, 1), sweep(r, 2, 5, 1.5), nil)
	if n := called(rows); n != len(rows) || n != 2*len(mains) {
		t.Errorf("%d of %d are called", n, len(rows))
	}
	if d := *rows[0].Delta; d < 0.3 || d > 0.7 {
		t.Errorf("a change by half is called %v", d)
	}
}

func TestWhatIsNotCompared(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	before, now := sweep(r, 2, 4, 1), sweep(r, 1, 4, 1)
	now[0].Rows[0].Simulated = true
	rows := Groups(before, now, []string{"ttft.p99", "ttft_p99_ms"})
	if len(rows) != 1 || rows[0].Refused == "" {
		t.Errorf("%+v", rows)
	}
	now[0].Rows[0].Simulated = false
	rows = Groups(before, now, []string{"ttft.p99", "ttft_p99_ms", "nothing"})
	if len(rows) != 1 || rows[0].Metric != "ttft_p99_ms" {
		t.Errorf("%+v", rows)
	}
}

func TestTooFewRepeatsCannotTell(t *testing.T) {
	for _, test := range []struct {
		before, now int
		want        bool
	}{{2, 2, true}, {3, 3, true}, {4, 4, true}, {3, 5, true}, {1, 30, false}, {20, 20, true}} {
		r := rand.New(rand.NewPCG(11, 12))
		row := Groups(sweep(r, 1, test.before, 1), sweep(r, 1, test.now, 100), []string{"ttft_p99_ms"})[0]
		if row.CanTell() != test.want || row.Different != test.want {
			t.Errorf("%d and %d repeats, far apart: can tell %t, different %t", test.before, test.now, row.CanTell(), row.Different)
		}
	}
}

// deployed is a side that measured deployments of a server, 2 % apart, with runs that vary by 2 %, at a level.
func deployed(r *rand.Rand, deployments, runs int, level float64) results.Group {
	g := results.Group{Benchmark: "q"}
	for d := range deployments {
		luck := 0.02 * r.NormFloat64()
		for k := range runs {
			g.Rows = append(g.Rows, results.Row{Valid: true, Deployment: strconv.Itoa(d), Seed: int64(k),
				Metrics: map[string]float64{"output_throughput": level * math.Exp(luck+0.02*r.NormFloat64())}})
		}
	}
	return g
}

// TestDeploymentsAreWhatVaries: runs of one deployment call a difference in 30 % (5 runs) and in 52 % (10) of comparisons of
// equal things, and say what they do not cover; three deployments call one in at most 5 %.
func TestDeploymentsAreWhatVaries(t *testing.T) {
	const trials = 600
	limit := trials*results.Alpha + 3*math.Sqrt(trials*results.Alpha*(1-results.Alpha))
	r := rand.New(rand.NewPCG(13, 14))
	for _, runs := range []int{5, 10} {
		one, three := 0, 0
		for range trials {
			rows := Groups([]results.Group{deployed(r, 1, runs, 1000)}, []results.Group{deployed(r, 1, runs, 1000)}, nil)
			one += called(rows)
			if len(rows) != 1 || !strings.Contains(strings.Join(rows[0].Warnings, " "), "differences between deployments of the server are not covered") {
				t.Fatalf("%+v", rows)
			}
			rows = Groups([]results.Group{deployed(r, 3, runs, 1000)}, []results.Group{deployed(r, 3, runs, 1000)}, nil)
			three += called(rows)
			if len(rows[0].Warnings) > 0 || rows[0].Repeats() != fmt.Sprintf("n=%d of 3 deployments", 3*runs) {
				t.Fatalf("%+v", rows[0])
			}
		}
		t.Logf("%d runs: one deployment %.0f %%, three %.1f %%", runs, 100*float64(one)/trials, 100*float64(three)/trials)
		if float64(three) > limit || one < trials/5 {
			t.Errorf("%d runs: one deployment %d, three %d of %d", runs, one, three, trials)
		}
	}
}

// TestOneBadMetricAmongMany: four repeats, 1464 against 1234 tok/s, and all other metrics alike.
func TestOneBadMetricAmongMany(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	a, b := sweep(r, 1, 4, 1), sweep(r, 1, 4, 1)
	for i := range 4 {
		a[0].Rows[i].Metrics["output_throughput"] = []float64{1464, 1470, 1459, 1466}[i]
		b[0].Rows[i].Metrics["output_throughput"] = []float64{1234, 1240, 1229, 1236}[i]
	}
	for _, row := range Groups(a, b, nil) {
		if row.Different != (row.Metric == "output_throughput") {
			t.Errorf("%s: %s, p %v, as one of many %v", row.Metric, row.Change(), *row.P, *row.PAdjusted)
		}
	}
}

// TestTurns: of two targets that were measured in turn, B is 10 % slower at one of two points.
func TestTurns(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	var groups []results.Group
	for _, c := range []string{"1", "8"} {
		for _, target := range []string{"one", "two"} {
			level := 1000.0
			if target == "two" && c == "8" {
				level = 900
			}
			g := deployed(r, 1, 8, level)
			g.Point = map[string]string{"c": c, "target": target}
			groups = append(groups, g)
		}
	}
	rows := Turns{"q", "one", "two"}.Compare(groups, nil)
	if len(rows) != 2 || rows[0].Basis.Over != "pairs" || rows[0].Point["target"] != "" || rows[1].Point["c"] != "8" || !rows[1].Different || *rows[1].Low > -0.08 || *rows[1].High < -0.12 {
		t.Errorf("%+v", rows)
	}
}
