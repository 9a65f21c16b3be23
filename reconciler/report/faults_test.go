package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/results"
)

// row is a valid run of a serving benchmark.
func row(point map[string]string, repeat int, metrics map[string]float64) results.Row {
	name := results.Row{Benchmark: "q", Point: point}.Key()
	return results.Row{Experiment: "e", Benchmark: "q", Point: point, Repeat: repeat, Run: fmt.Sprintf("%s-%d", name, repeat), Phase: "Complete", Valid: true,
		Started: time.Unix(1, 0), Ended: time.Unix(2, 0), Metrics: metrics}
}

// built is a report of one revision.
func built(rows ...results.Row) Report {
	return Build(Input{Experiment: "e", Generated: time.Unix(3, 0), Measured: []Measured{{Generation: 1, Hash: "aaaa", Rows: rows}}})
}

func figureOf(t *testing.T, r Report, id string) Figure {
	t.Helper()
	all := r.Figures()
	i := slices.IndexFunc(all, func(f Figure) bool { return f.ID == id })
	if i < 0 {
		t.Fatalf("no figure %s", id)
	}
	return all[i]
}

var drawnLine = regexp.MustCompile(`data-series="([^"]*)" d="([^"]+)"`)

// TestCurvesNeverInterleave: a sweep of two loads at once, with a third parameter. Each curve has one value of all but one of them,
// and goes through its points in the order of that one, also where the server saturates and throughput goes back.
func TestCurvesNeverInterleave(t *testing.T) {
	var rows []results.Row
	throughput := map[string]float64{"1": 100, "2": 190, "8": 500, "16": 480}
	for _, itl := range []string{"2ms", "4ms"} {
		for _, prompts := range []string{"40", "80"} {
			for _, c := range []string{"16", "1", "8", "2"} {
				n, _ := strconv.ParseFloat(c, 64)
				rows = append(rows, row(map[string]string{"concurrency": c, "itl": itl, "prompts": prompts}, 1, map[string]float64{"output_throughput": throughput[c], "ttft_median_ms": 10 * n}))
			}
		}
	}
	lines := drawnLine.FindAllStringSubmatch(string(figureOf(t, built(rows...), "frontier-q").Chart), -1)
	var names []string
	for _, l := range lines {
		names = append(names, l[1])
		var ys []float64
		for _, m := range regexp.MustCompile(` ([\d.]+)`).FindAllStringSubmatch(l[2], -1) {
			y, _ := strconv.ParseFloat(m[1], 64)
			ys = append(ys, -y) // up the page
		}
		if len(ys) != 4 || !slices.IsSorted(ys) {
			t.Errorf("%s goes through %v", l[1], ys)
		}
	}
	if want := []string{"itl=2ms, prompts=40", "itl=2ms, prompts=80", "itl=4ms, prompts=40", "itl=4ms, prompts=80"}; !slices.Equal(names, want) {
		t.Errorf("curves %q, want %q", names, want)
	}
}

// TestPointsWithoutALoadAreNotJoined: they differ in what they are.
func TestPointsWithoutALoadAreNotJoined(t *testing.T) {
	var rows []results.Row
	for i, tp := range []string{"1", "2", "4"} {
		rows = append(rows, row(map[string]string{"tensorParallel": tp}, 1, map[string]float64{"output_throughput": float64(100 * (i + 1)), "ttft_median_ms": 10}))
	}
	text := string(figureOf(t, built(rows...), "frontier-q").Chart)
	if drawnLine.MatchString(text) || strings.Count(text, `class="chart-point`) < 3 {
		t.Errorf("%s", text)
	}
}

// TestEveryDistributionIsDrawn: of 12 points, and of 40.
func TestEveryDistributionIsDrawn(t *testing.T) {
	for _, configurations := range []int{2, 40} {
		var rows []results.Row
		dir := samples(t, 20, 20)
		for i := range configurations {
			for _, c := range []string{"1", "2", "4", "8", "16", "32"} {
				one := row(map[string]string{"itl": fmt.Sprintf("%dms", i), "concurrency": c}, 1, map[string]float64{"output_throughput": 1})
				one.Dir = dir
				rows = append(rows, one)
			}
		}
		f := figureOf(t, built(rows...), "ttft-q")
		if n := len(drawnLine.FindAllString(string(f.Chart), -1)); n != len(rows) {
			t.Errorf("%d of %d distributions are drawn", n, len(rows))
		}
		if folded := strings.Contains(string(f.Chart), "16 more: itl=24ms; "); folded != (configurations == 40) {
			t.Errorf("%d configurations, folded %v", configurations, folded)
		}
	}
}

// TestBestNeedsStatistics: a point is the best only where it is told apart from all others; else they are named. One run tells nothing.
func TestBestNeedsStatistics(t *testing.T) {
	at := func(c string, values ...float64) (out []results.Row) {
		for i, v := range values {
			out = append(out, row(map[string]string{"concurrency": c}, i+1, map[string]float64{"ttft_median_ms": v}))
		}
		return out
	}
	for name, c := range map[string]struct {
		rows        []results.Row
		want, never string
	}{
		"noise":      {slices.Concat(at("1", 20.7, 20.9, 20.8), at("2", 20.8, 21.0, 20.9), at("4", 40, 41, 40.5)), "2 of 3 points are not told apart: concurrency=1; concurrency=2", "20.80 ±"},
		"told apart": {slices.Concat(at("1", 20.7, 20.9, 20.8), at("2", 30.8, 31.0, 30.9)), "(concurrency=1, 3 runs)", "not told apart"},
		"one run":    {slices.Concat(at("1", 20), at("2", 90)), "1 run at a point cannot tell it from the others", "**20"},
		"one point":  {at("1", 20, 21), "(concurrency=1, 2 runs)", "told apart"},
	} {
		var top []string
		for line := range strings.Lines(built(c.rows...).Markdown()) {
			if strings.HasPrefix(line, "- q, ") {
				top = append(top, strings.ReplaceAll(line, `\`, ""))
			}
		}
		text := strings.Join(top, "")
		if !strings.Contains(text, c.want) || strings.Contains(text, c.never) {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestTheBestOfEqualsIsRare: of reports over equal points, two or more, and of those where two of many are equal and best, at most 5 %
// name a best one, give or take what 300 can show by chance.
func TestTheBestOfEqualsIsRare(t *testing.T) {
	const reports = 300
	r := rand.New(rand.NewPCG(1, 2))
	metric := results.Describe("ttft_median_ms")
	for _, c := range []struct{ equal, worse, repeats int }{{2, 0, 3}, {3, 0, 3}, {6, 0, 4}, {2, 2, 3}} {
		named := 0
		for range reports {
			var rows []results.Row
			for p := range c.equal + c.worse {
				level := 20.0
				if p >= c.equal {
					level = 40
				}
				for k := range c.repeats {
					rows = append(rows, row(map[string]string{"concurrency": fmt.Sprint(p)}, k, map[string]float64{metric.Name: level * (1 + 0.02*r.NormFloat64())}))
				}
			}
			if h, _ := bestOf(built(rows...).Summary, metric); len(h.rivals) == 0 {
				named++
			}
		}
		if most := reports*0.05 + 3*math.Sqrt(reports*0.05*0.95); float64(named) > most {
			t.Errorf("%+v: %d of %d reports name a best of equal points", c, named, reports)
		}
	}
}

// TestLoadsAreInOrder: by their value, where inf is the largest.
func TestLoadsAreInOrder(t *testing.T) {
	got := []string{"inf", "10", "0.5", "2", "0.25"}
	slices.SortFunc(got, byValue)
	if want := []string{"0.25", "0.5", "2", "10", "inf"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestIntervalsOrReasons: one run has no interval, and every form says so instead of an infinite one.
func TestIntervalsOrReasons(t *testing.T) {
	now, before := row(nil, 1, map[string]float64{"ttft_median_ms": 20}), row(nil, 1, map[string]float64{"ttft_median_ms": 22})
	r := Build(Input{Experiment: "e", Measured: []Measured{{1, "a", []results.Row{before}}, {2, "b", []results.Row{now}}}})
	page, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string]string{"HTML": string(page[strings.Index(string(page), "<body>"):]), "Markdown": r.Markdown()} {
		if strings.Contains(text, "∞") || strings.Contains(text, "Inf") || strings.Contains(text, "±Inf") {
			t.Errorf("%s has an infinite interval", form)
		}
		if !strings.Contains(text, "20 (1 run)") || !strings.Contains(text, "22 (1 run)") {
			t.Errorf("%s does not say why there is no interval:\n%s", form, text)
		}
	}
}

// TestPareto: tokens for a user against tokens of a GPU, where the GPUs are counted, and the reason where they are not.
func TestPareto(t *testing.T) {
	cards := func(n int) (out []drivers.Node) {
		node := drivers.Node{Name: "n1"}
		for i := range n {
			node.GPUs = append(node.GPUs, drivers.GPU{UUID: fmt.Sprint(i), Model: "H200"})
		}
		if n == 0 {
			node.Absent = map[string]string{"gpus": "its counters show no GPU"}
		}
		return []drivers.Node{node}
	}
	run := func(c string, gpus int, throughput, tpot float64) results.Row {
		one := row(map[string]string{"concurrency": c}, 1, map[string]float64{"output_throughput": throughput, "tpot_median_ms": tpot})
		one.Hardware = cards(gpus)
		return one
	}
	f := figureOf(t, built(run("1", 4, 400, 10), run("8", 4, 2000, 20), run("16", 4, 1900, 40), run("32", 0, 9000, 1)), "pareto-q")
	text := string(f.Chart)
	for _, want := range []string{"output tok/s/GPU: 100\n", "output tok/s/GPU: 500\n", "ms): 50\n", "4 GPUs"} {
		if !strings.Contains(text, want) {
			t.Errorf("the chart lacks %q:\n%s", want, text)
		}
	}
	if got := strings.Count(regexp.MustCompile(`class="chart-front" d="[^"]*"`).FindString(text), "L"); got != 1 { // 1 and 8; 16 is beaten
		t.Errorf("%d steps in the front", got)
	}
	if !strings.Contains(f.Caption, "n1: its counters show no GPU") {
		t.Errorf("the caption does not say what is left out: %s", f.Caption)
	}
	if f := figureOf(t, built(run("1", 0, 1, 1)), "pareto-q"); f.Chart != "" || !strings.Contains(f.Caption, "node n1: its counters show no GPU") {
		t.Errorf("no GPU: %+v", f)
	}
}
