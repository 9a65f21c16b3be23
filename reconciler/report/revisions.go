package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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

// revisions draws the main number of a benchmark without a sweep, over all revisions that measured it.
func (r Report) revisions(name string, all []Summary) ([]Figure, error) {
	metric := mainMetric(all)
	if len(all) != 1 || len(all[0].Point) > 0 {
		return nil, nil
	}
	good, invalid := series{name: words(metric)}, series{name: "not valid", bad: true}
	var names []string
	for _, m := range r.measured {
		g, ok := m.group(all[0])
		values := g.Values(metric)
		if !ok || len(values) == 0 {
			continue
		}
		x := float64(len(names))
		names, good.spots = append(names, m.name()), append(good.spots, at(x, interval(g, metric), ""))
		for _, row := range g.Invalid {
			if y, ok := row.Metrics[metric]; ok {
				invalid.spots = append(invalid.spots, exact(x, y))
			}
		}
	}
	if len(names) < 2 {
		return nil, nil
	}
	groups := []series{good}
	if len(invalid.spots) > 0 {
		groups = append(groups, invalid)
	}
	d, err := bars("", words(metric), names, groups)
	return figure("revisions-"+name, name+": over revisions", "Means over repeats with their 95 % intervals, oldest revision first. Whether two differ: the table of changes.", all, d, err)
}

// changes draws the main number of a sweep next to that of the revision before, at the points in common.
func (r Report) changes(name string, all []Summary) ([]Figure, error) {
	m, ok := r.before()
	if !ok || len(all) == 1 && len(all[0].Point) == 0 {
		return nil, nil
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
	if len(both) == 0 {
		return nil, nil
	}
	both, note := some(both, mostBars, "points in common")
	before, now := series{name: m.name()}, series{name: r.measured[len(r.measured)-1].name()}
	var names []string
	for i, s := range both {
		before.spots = append(before.spots, at(float64(i), was[s.group.Name()], ""))
		now.spots = append(now.spots, at(float64(i), s.Metrics[metric], ""))
		names = append(names, values(s.Point))
	}
	parameters := strings.Join(slices.Sorted(maps.Keys(both[0].Point)), ", ")
	d, err := bars(parameters, words(metric), names, []series{before, now})
	return figure("revisions-"+name, name+": "+m.name()+" and now", "Means over repeats with their 95 % intervals, at the points that both have measured."+note, all, d, err)
}

// values of a point in the order of its parameters, for an axis that names those.
func values(point map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(point)) {
		out = append(out, point[k])
	}
	return strings.Join(out, ", ")
}
