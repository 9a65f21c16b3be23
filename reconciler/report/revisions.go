package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"assay/reconciler/chart"
	"assay/reconciler/compare"
	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// Measured is a revision with the results that count for it.
type Measured struct {
	Generation int64
	Hash       string
	Rows       []results.Row
}

func (m Measured) name() string { return fmt.Sprintf("revision %d", m.Generation) }

// group is what a revision has measured at the benchmark and point of a summary, if the two can be compared: same engine,
// both simulated or neither.
func (m Measured) group(s Summary) (results.Group, bool) {
	for _, g := range results.Groups(m.Rows) {
		if g.Name() == s.group.Name() {
			return g, gate.Comparable(g, s.group) == nil
		}
	}
	return results.Group{}, false
}

// before is the newest revision before the one shown that has measured one of the points shown.
func (r Report) before() (Measured, bool) {
	for i := len(r.measured) - 2; i >= 0; i-- {
		if slices.ContainsFunc(r.Summary, func(s Summary) bool { _, ok := r.measured[i].group(s); return ok }) {
			return r.measured[i], true
		}
	}
	return Measured{}, false
}

// compareRevisions compares the headlines with those of the revision before, at the points in common. Every further number
// would make a real difference harder to distinguish from chance; `assay compare` has them all.
func (r *Report) compareRevisions() {
	m, ok := r.before()
	if !ok {
		return
	}
	r.Against = m.name()
	r.Changes = compare.Headlines(results.Groups(m.Rows), results.Groups(r.Runs))
}

// called is the number of changes that are called different.
func (r Report) called() (n int) {
	for _, c := range r.Changes {
		if c.Different {
			n++
		}
	}
	return n
}

// mostBars is how many points one bar chart can hold and still be read.
const mostBars = 16

// changes draws the main number of a sweep next to that of the revision before, at the points in common.
func (r Report) changes(name string, all []Summary) (out []Figure) {
	m, ok := r.before()
	if !ok || len(all) == 1 && len(all[0].Point) == 0 {
		return nil
	}
	metric, was := mainMetric(all), map[string]Interval{}
	both := slices.DeleteFunc(slices.Clone(all), func(s Summary) bool {
		g, ok := m.group(s)
		values := g.Values(metric)
		if _, now := s.Metrics[metric]; !ok || !now || len(values) == 0 {
			return true
		}
		was[s.group.Name()] = interval(g, metric)
		return false
	})
	pages := (len(both) + mostBars - 1) / mostBars
	for page := range pages {
		some := both[page*mostBars : min(len(both), (page+1)*mostBars)]
		before, now := chart.Series{Name: m.name()}, chart.Series{Name: r.measured[len(r.measured)-1].name()}
		plot := chart.Plot{Name: name + ": " + before.Name + " and now", X: chart.Axis{Title: strings.Join(slices.Sorted(maps.Keys(both[0].Point)), ", ")}, Y: chart.Axis{Title: words(metric)}}
		for i, s := range some {
			before.Points = append(before.Points, at(float64(i), was[s.group.Name()], ""))
			now.Points = append(now.Points, at(float64(i), s.Metrics[metric], ""))
			plot.X.Names = append(plot.X.Names, values(s.Point))
		}
		plot.Series = []chart.Series{before, now}
		id := "revisions-" + name
		if pages > 1 {
			plot.Name += fmt.Sprintf(" (%d of %d)", page+1, pages)
			id += fmt.Sprintf("-%d", page+1)
		}
		out = append(out, Figure{ID: id, Title: plot.Name, Chart: chart.Bars(plot), Caption: "Means over repeats with their 95 % intervals, at the points that both have measured. Whether two differ: the table of changes."})
	}
	return out
}

// values of a point in the order of its parameters, for an axis that names those.
func values(point map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(point)) {
		out = append(out, point[k])
	}
	return strings.Join(out, ", ")
}
