package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/reconciler/chart"
	"assay/reconciler/results"
)

// frontier draws throughput against latency, a curve for each configuration along the load. Without a load that differs there is no
// curve: the points are drawn with the front of the best ones.
func frontier(name string, all []Summary) []Figure {
	latency := latencyOf(all)
	parameter := along(all, isLoad)
	plot := chart.Plot{Name: name + ": throughput and latency", X: chart.Axis{Title: words("output_throughput")}, Y: chart.Axis{Title: words(latency), Less: true},
		Series: seriesOf(curvesAlong(all, parameter), func(s Summary) (out []chart.Point) {
			if x, y := s.Metrics["output_throughput"], s.Metrics[latency]; x.N > 0 && y.N > 0 {
				out = append(out, loaded(x.Mean, y, s, parameter))
			}
			for _, row := range s.group.Invalid {
				if x, y, ok := both(row, "output_throughput", latency); ok {
					out = append(out, not(x, y, row))
				}
			}
			return out
		})}
	if count(plot) < 2 {
		return nil
	}
	f := Figure{ID: "frontier-" + name, Title: plot.Name}
	if parameter == "" {
		f.Chart, f.Caption = chart.Scatter(plot), "Each mark is a point with the mean over its repeats. Down and to the right is better; the line joins the points that no other one beats in both."
		return []Figure{f}
	}
	f.Chart = chart.Line(plot)
	f.Caption = fmt.Sprintf("A curve for each configuration, joined in the order of %s, which labels its marks: means over repeats with their 95 %% intervals. Down and to the right is better.", lastWord(parameter))
	return []Figure{f}
}

// latencyOf is the latency that all points have, so that they stay comparable: the tail, or where a point has too few requests for
// one, the median.
func latencyOf(all []Summary) string {
	const tail, always = "ttft_p99_ms", "ttft_median_ms"
	if slices.ContainsFunc(all, func(s Summary) bool { return s.Metrics[tail].N == 0 && s.Metrics[always].N > 0 }) {
		return always
	}
	return tail
}

func both(row results.Row, a, b string) (x, y float64, ok bool) {
	x, okX := row.Metrics[a]
	y, okY := row.Metrics[b]
	return x, y, okX && okY
}

func count(p chart.Plot) (n int) {
	for _, s := range p.Series {
		n += len(s.Points)
	}
	return n
}

// scaling draws the main number over the size of a service.
func scaling(name string, all []Summary) []Figure {
	metric, parameter := mainMetric(all), along(all, isNodes)
	if parameter == "" || metric == "" {
		return nil
	}
	plot := chart.Plot{Name: name + ": over " + lastWord(parameter), X: chart.Axis{Title: lastWord(parameter)}, Y: chart.Axis{Title: words(metric)},
		Series: seriesOf(curvesAlong(all, parameter), func(s Summary) (out []chart.Point) {
			n, err := strconv.ParseFloat(s.Point[parameter], 64)
			if err != nil {
				return nil
			}
			if y := s.Metrics[metric]; y.N > 0 {
				out = append(out, at(n, y, ""))
			}
			for _, row := range s.group.Invalid {
				if y, ok := row.Metrics[metric]; ok {
					out = append(out, not(n, y, row))
				}
			}
			return out
		})}
	if count(plot) < 2 {
		return nil
	}
	return []Figure{{ID: "scaling-" + name, Title: plot.Name, Chart: chart.Line(plot),
		Caption: "How the main number grows with the size of the service; a straight line through zero would be perfect."}}
}

// recall draws the frontiers of vector runs (frontier.json), if there are any: a curve for each run, along its ef.
func recall(name string, all []Summary) []Figure {
	least := 1.0
	names := namer(all, "")
	plot := chart.Plot{Name: name + ": recall and queries per second", X: chart.Axis{Title: "recall"}, Y: chart.Axis{Title: "queries/s"}}
	for _, s := range all {
		rows := slices.Concat(s.group.Rows, s.group.Invalid)
		for _, row := range rows {
			one := chart.Series{Name: names(s.Point), Invalid: !row.Valid}
			if len(rows) > 1 {
				one.Name = strings.TrimPrefix(one.Name+fmt.Sprintf(", repeat %d", row.Repeat), "all points, ")
			}
			for _, q := range frontierFile(row.Dir) {
				least = min(least, q.Recall)
				one.Points = append(one.Points, chart.Point{X: q.Recall, Y: q.QPS, Label: fmt.Sprintf("ef %d", q.EF), Invalid: !row.Valid})
			}
			if len(one.Points) > 0 {
				plot.Series = append(plot.Series, one)
			}
		}
	}
	if len(plot.Series) == 0 {
		return nil
	}
	plot.X.From, plot.X.To = max(0, float64(int(10*least-0.5))/10), 1.005 // useful recalls are close to 1
	return []Figure{{ID: "recall-" + name, Title: plot.Name, Chart: chart.Line(plot),
		Caption: fmt.Sprintf("A curve for each run, along ef. Up and to the right is better. Recall is shown from %.1f.", plot.X.From)}}
}
