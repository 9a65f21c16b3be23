package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"assay/reconciler/changes"
	"assay/reconciler/results"
)

// commits are 12 revisions of a benchmark at some points, of which the eighth makes TTFT of the first point slower by a share.
func commits(r *rand.Rand, points int, slower float64) Input {
	in := Input{Experiment: "e"}
	for i := range 12 {
		hash := fmt.Sprintf("%04d", i)
		in.Revisions = append(in.Revisions, Revision{Generation: int64(i + 1), Hash: hash, Commit: fmt.Sprintf("c%02dc0ffee", i+1), Author: "Ann", Subject: "tune <b>"})
		m := Measured{Generation: int64(i + 1), Hash: hash}
		for p := range points {
			level := 20.0
			if p == 0 && i >= 7 {
				level *= 1 + slower
			}
			for k := range 3 {
				one := row(map[string]string{"concurrency": fmt.Sprint(p)}, k+1, map[string]float64{"ttft_median_ms": level * (1 + 0.01*r.NormFloat64())})
				one.Run = fmt.Sprintf("%d-%d-%d", i, p, k)
				m.Rows = append(m.Rows, one)
			}
		}
		in.Measured = append(in.Measured, m)
	}
	return in
}

// TestOverRevisions: the commit that made a metric worse is named in both forms, with its size, and drawn; the other points did not
// change.
func TestOverRevisions(t *testing.T) {
	r := Build(commits(rand.New(rand.NewPCG(1, 1)), 3, 0.08))
	page, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	md := strings.ReplaceAll(r.Markdown(), `\`, "")
	for form, text := range map[string]string{"HTML": string(page), "Markdown": md} {
		for _, want := range []string{"Over revisions", "with revision 8, commit c08c0ffee (Ann: tune ", ": worse", "no change is told from noise", "Over the revisions 1 of 3 series became worse."} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", form, want)
			}
		}
	}
	if strings.Contains(string(page), "tune <b>") {
		t.Error("the subject of a commit became markup")
	}
	if n := strings.Count(string(page), `<line class="chart-happened chart-worse"`); n != 1 {
		t.Errorf("%d changes are drawn", n)
	}
	i := slices.IndexFunc(r.History[0].Steps, func(s changes.Step) bool { return s.Change != nil })
	if by := r.History[0].Steps[max(i, 0)].By; math.Abs(by-0.08) > 0.02 {
		t.Errorf("it changed by %v", by)
	}
	if r := built(row(nil, 1, map[string]float64{"ttft_median_ms": 20})); strings.Contains(r.Markdown(), "Over revisions") {
		t.Error("one revision has nothing to be compared with")
	}
}

// TestManyChangesAreFolded: the worst ones are in the open, and every one is drawn.
func TestManyChangesAreFolded(t *testing.T) {
	in := commits(rand.New(rand.NewPCG(1, 1)), 10, 0.08)
	for i := range in.Measured {
		for k := range in.Measured[i].Rows {
			one := &in.Measured[i].Rows[k]
			point, _ := strconv.ParseFloat(one.Point["concurrency"], 64)
			if i >= 7 && point > 0 {
				one.Metrics["ttft_median_ms"] *= 1 - 0.08*point // the more, the better
			}
		}
	}
	trends := Build(in).trends()
	open, folded := history(trends)
	if len(open) != mostDrawn || len(open)+len(folded) != 10 || open[0].Point["concurrency"] != "0" || open[1].Point["concurrency"] != "9" {
		t.Errorf("%d open, %d folded, first at %v, %v", len(open), len(folded), open[0].Point, open[1].Point)
	}
}

// TestChangesOfManySeries: of reports over 12 equal revisions at 20 points at most 5 % show any change, though each series was tested
// at 5 %; alone, without taking them together, most would.
func TestChangesOfManySeries(t *testing.T) {
	const reports = 60
	r, shown := rand.New(rand.NewPCG(3, 3)), 0
	for range reports {
		if hasChange(Build(commits(r, 20, 0)).History) {
			shown++
		}
	}
	if most := reports*0.05 + 3*math.Sqrt(reports*0.05*0.95); float64(shown) > most {
		t.Errorf("%d of %d reports without a change show one", shown, reports)
	}
}

func hasChange(all []changes.Series) bool {
	return slices.ContainsFunc(all, func(s changes.Series) bool {
		return slices.ContainsFunc(s.Steps, func(step changes.Step) bool { return step.Change != nil })
	})
}

// TestSeriesOfOtherBenchmarksAreLeftOut: what the newest revision no longer measures is not shown.
func TestSeriesOfOtherBenchmarksAreLeftOut(t *testing.T) {
	old := row(nil, 1, map[string]float64{"ttft_median_ms": 20})
	old.Benchmark = "gone"
	now := row(nil, 1, map[string]float64{"ttft_median_ms": 20})
	in := Input{Measured: []Measured{{1, "a", []results.Row{old, now}}, {2, "b", []results.Row{old}}, {3, "c", []results.Row{now}}}}
	in.Measured[1].Rows[0].Run, in.Measured[2].Rows[0].Run = "x", "y"
	if r := Build(in); len(r.History) != 1 || r.History[0].Benchmark != "q" {
		t.Errorf("%+v", r.History)
	}
}
