package report

import (
	"fmt"
	"slices"

	"assay/reconciler/chart"
)

// pareto draws what one user sees against what one GPU gives: tokens per second of an answer (1000 / TPOT) and output tokens per
// second and GPU. Where the GPUs of a point are not known, the point is not there, and the caption says why.
func pareto(name string, all []Summary) []Figure {
	const speed, total = "tpot_median_ms", "output_throughput"
	var known []Summary
	gpus, reasons := map[string]int{}, []string{}
	for _, s := range all {
		if s.Metrics[speed].N == 0 || s.Metrics[total].N == 0 {
			continue
		}
		n, reason := s.group.GPUs()
		if reason != "" {
			if !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
			continue
		}
		gpus[s.group.Name()] = n
		known = append(known, s)
	}
	f := Figure{ID: "pareto-" + name, Title: name + ": tok/s/user and tok/s/GPU"}
	if len(known) == 0 {
		if len(reasons) == 0 {
			return nil
		}
		f.Caption = "not drawn, for how many GPUs there were is not known: " + listed(reasons) + "."
		return []Figure{f}
	}
	parameter := along(known, isLoad)
	plot := chart.Plot{Name: f.Title, X: chart.Axis{Title: "tok/s/user (1000 / TPOT median, ms)"}, Y: chart.Axis{Title: "output tok/s/GPU"},
		Series: seriesOf(curvesAlong(known, parameter), func(s Summary) []chart.Point {
			n := float64(gpus[s.group.Name()])
			y := s.Metrics[total]
			per := Interval{N: y.N, Mean: y.Mean / n}
			if y.Lo != nil {
				lo, hi := *y.Lo/n, *y.Hi/n
				per.Lo, per.Hi = &lo, &hi
			}
			p := loaded(1000/s.Metrics[speed].Mean, per, s, parameter)
			p.Note += ", " + many(int(n), "GPU")
			return []chart.Point{p}
		})}
	f.Chart = chart.Scatter(plot)
	f.Caption = "Each mark is a point; up and to the right is better. The dashed line is the Pareto front of the means: no other point has both more tokens for a user and more from a GPU. Points whose intervals reach the line may belong to it."
	if len(reasons) > 0 {
		f.Caption += " Points without a known number of GPUs are left out: " + listed(reasons) + "."
	}
	return []Figure{f}
}

// listed are the first of some reasons, and how many more there are.
func listed(all []string) string {
	const most = 3
	out := ""
	for i, one := range all[:min(len(all), most)] {
		if i > 0 {
			out += "; "
		}
		out += one
	}
	if more := len(all) - most; more > 0 {
		out += fmt.Sprintf("; and %d more", more)
	}
	return out
}
