package report

import (
	"html/template"
	"slices"

	"assay/reconciler/chart"
	"assay/reconciler/results"
)

// Figure is one chart with its title and caption. Without a chart the caption says why there is none.
type Figure struct {
	ID, Title, Caption string
	Simulated          bool
	Chart              template.HTML
}

// Figures draws the figures that the results have; the package doc lists them.
func (r Report) Figures() (out []Figure) {
	for _, name := range r.benchmarks() {
		all := r.of(name)
		for _, draw := range []func(string, []Summary) []Figure{frontier, pareto, scaling, distributions, timeline, recall, phases, r.changes} {
			for _, f := range draw(name, all) {
				f.Simulated = slices.ContainsFunc(all, func(s Summary) bool { return s.Simulated })
				out = append(out, f)
			}
		}
	}
	return out
}

// words is a metric's heading, for an axis or a table.
func words(metric string) string { return results.Describe(metric).Heading() }

// mainMetric is the first column that all summaries have.
func mainMetric(all []Summary) string {
	for _, c := range columnsOf(all) {
		if !slices.ContainsFunc(all, func(s Summary) bool { _, ok := s.Metrics[c.Name]; return !ok && s.Runs > 0 }) && c.Name != "request_throughput" {
			return c.Name
		}
	}
	return ""
}

// at is a point with the interval of a summary's metric.
func at(x float64, y Interval, label string) chart.Point {
	p := chart.Point{X: x, Y: y.Mean, Label: label, Note: many(y.N, "run")}
	if y.Lo != nil {
		p.Lo, p.Hi = *y.Lo, *y.Hi
		p.Note += ", 95 % interval"
	}
	return p
}

// loaded is a point of a curve along a parameter, labelled with its value; without one it is a point of its own.
func loaded(x float64, y Interval, s Summary, parameter string) chart.Point {
	p := at(x, y, s.Point[parameter])
	if p.Label != "" {
		p.Name = lastWord(parameter) + "=" + p.Label
	}
	return p
}

// not is a point of a run that does not count.
func not(x, y float64, row results.Row) chart.Point {
	return chart.Point{X: x, Y: y, Note: row.Run + ": " + why(row), Invalid: true}
}
