package report

import (
	"fmt"
	"maps"
	"slices"

	"assay/reconciler/chart"
	"assay/reconciler/results"
)

// phases draws the phases of storage runs: bandwidths and metadata rates, in separate figures for each engine.
func phases(name string, all []Summary) (out []Figure) {
	engines := map[string][]Summary{}
	for _, s := range all {
		if slices.ContainsFunc(results.Phases(results.Bandwidth), s.has) || slices.ContainsFunc(results.Phases(results.Metadata), s.has) {
			engines[s.Engine] = append(engines[s.Engine], s)
		}
	}
	for _, engine := range slices.Sorted(maps.Keys(engines)) {
		for _, group := range []string{results.Bandwidth, results.Metadata} {
			out = append(out, phasesOf(name, engine, engines[engine], group))
		}
	}
	return out
}

// has reports whether any run of a summary, valid or not, has measured a phase.
func (s Summary) has(phase results.Metric) bool {
	if _, ok := s.Metrics[phase.Name]; ok {
		return true
	}
	for _, row := range s.group.Invalid {
		if _, ok := row.Metrics[phase.Name]; ok {
			return true
		}
	}
	return false
}

func phasesOf(name, engine string, all []Summary, group string) Figure {
	plot := chart.Plot{}
	names := namer(all, "")
	for _, s := range all {
		plot.Series = append(plot.Series, chart.Series{Name: names(s.Point)})
	}
	for x, phase := range results.Phases(group) {
		for i, s := range all {
			one := &plot.Series[i]
			if y, ok := s.Metrics[phase.Name]; ok {
				one.Points = append(one.Points, at(float64(x), y, ""))
			}
			for _, row := range s.group.Invalid {
				if y, ok := row.Metrics[phase.Name]; ok {
					one.Points = append(one.Points, not(float64(x), y, row))
				}
			}
		}
		plot.X.Names, plot.Y.Title = append(plot.X.Names, phase.Title), phase.Unit
	}
	plot.Name = fmt.Sprintf("%s: %s by phase, engine %s", name, plot.Y.Title, engine)
	return Figure{ID: fmt.Sprintf("phases-%s-%s-%t", name, engine, group == results.Bandwidth), Title: plot.Name, Chart: chart.Bars(plot),
		Caption: "Means over repeats with their 95 % intervals. Numbers of different engines are never in one figure."}
}
