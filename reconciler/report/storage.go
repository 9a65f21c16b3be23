package report

import (
	"fmt"
	"maps"
	"slices"

	"assay/reconciler/results"
)

// phases draws the phases of storage runs: bandwidths and metadata rates, in separate figures for each engine.
func phases(name string, all []Summary) ([]Figure, error) {
	var out []Figure
	engines := map[string][]Summary{}
	for _, s := range all {
		if slices.ContainsFunc(results.Phases(results.Bandwidth), s.has) || slices.ContainsFunc(results.Phases(results.Metadata), s.has) {
			engines[s.Engine] = append(engines[s.Engine], s)
		}
	}
	for _, engine := range slices.Sorted(maps.Keys(engines)) {
		for _, group := range []string{results.Bandwidth, results.Metadata} {
			figures, err := phasesOf(name, engine, engines[engine], group)
			if err != nil {
				return nil, err
			}
			out = append(out, figures...)
		}
	}
	return out, nil
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

func phasesOf(name, engine string, all []Summary, group string) ([]Figure, error) {
	all, note := some(all, mostCurves, "points")
	var names []string
	unit, groups, invalid := "", make([]series, len(all)), series{name: "not valid", bad: true}
	for _, phase := range results.Phases(group) {
		x := float64(len(names))
		for i, s := range all {
			groups[i].name, _ = split(s.Point, nil)
			if y, ok := s.Metrics[phase.Name]; ok {
				groups[i].spots = append(groups[i].spots, at(x, y, ""))
			}
			for _, row := range s.group.Invalid {
				if y, ok := row.Metrics[phase.Name]; ok {
					invalid.spots = append(invalid.spots, exact(x, y))
				}
			}
		}
		names, unit = append(names, phase.Title), phase.Unit
	}
	d, err := bars("", unit, names, append(groups, invalid))
	return figure(fmt.Sprintf("phases-%s-%s-%t", name, engine, group == results.Bandwidth), fmt.Sprintf("%s: %s by phase, engine %s", name, unit, engine),
		"Means over repeats with their 95 % intervals. Numbers of different engines are never in one figure."+note, all, d, err)
}
