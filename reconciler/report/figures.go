package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"assay/drivers/suite/storage"
)

// load are the parameters that say how hard a server is driven: a frontier runs over them.
var load = []string{"concurrency", "rate", "prompts"}

// Figures draws what there is to draw.
func (r Report) Figures() ([]Figure, error) {
	var out []Figure
	for _, name := range r.benchmarks() {
		all := r.of(name)
		for _, make := range []func(string, []Summary) ([]Figure, error){frontier, scaling, distribution, timeline, recall, phases, r.revisions} {
			figures, err := make(name, all)
			if err != nil {
				return nil, fmt.Errorf("a figure of benchmark %s: %w", name, err)
			}
			out = append(out, figures...)
		}
	}
	return out, nil
}

// figure wraps a plot; of the SVG only, the simulated mark follows from what was drawn.
func figure(id, title, caption string, all []Summary, draw func() (svg Figure, err error)) ([]Figure, error) {
	f, err := draw()
	if err != nil {
		return nil, err
	}
	f.ID, f.Title, f.Caption = id, title, caption
	f.Simulated = slices.ContainsFunc(all, func(s Summary) bool { return s.Simulated })
	return []Figure{f}, nil
}

func frontier(name string, all []Summary) ([]Figure, error) {
	latency := "ttft_p99_ms"
	if !slices.ContainsFunc(all, func(s Summary) bool { _, ok := s.Metrics[latency]; return ok }) {
		latency = "ttft_median_ms"
	}
	curves, drawn := map[string][]spot{}, 0
	var invalid []spot
	for _, s := range all {
		x, okX := s.Metrics["output_throughput"]
		y, okY := s.Metrics[latency]
		if okX && okY {
			curve, label := split(s.Point, load)
			curves[curve] = append(curves[curve], at(x.Mean, y, label))
			drawn++
		}
		for _, row := range s.group.Invalid {
			x, okX := row.Metrics["output_throughput"]
			y, okY := row.Metrics[latency]
			if okX && okY {
				invalid = append(invalid, spot{x: x, y: y, lo: y, hi: y})
			}
		}
	}
	if drawn < 2 {
		return nil, nil
	}
	return figure("frontier-"+name, name+": throughput and latency", "Each mark is the mean over repeats with its 95 % interval, labelled with the load. Down and to the right is better.",
		all, func() (f Figure, err error) {
			f.SVG, err = lines("output tokens/s", words(latency), curvesOf(curves, invalid))
			return f, err
		})
}

// curvesOf makes series of curves by name, each from left to right, and of what is not valid.
func curvesOf(curves map[string][]spot, invalid []spot) []series {
	var out []series
	for _, name := range slices.Sorted(maps.Keys(curves)) {
		spots := curves[name]
		slices.SortFunc(spots, func(a, b spot) int { return compareFloats(a.x, b.x) })
		out = append(out, series{name: name, spots: spots, lined: true})
	}
	if len(invalid) > 0 {
		out = append(out, series{name: "not valid", spots: invalid, hollow: true})
	}
	return out
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func at(x float64, y Interval, label string) spot {
	s := spot{x: x, y: y.Mean, lo: y.Mean, hi: y.Mean, label: label}
	if y.Lo != nil {
		s.lo, s.hi = *y.Lo, *y.Hi
	}
	return s
}

// split tells the parameters along a curve from those that make another curve.
func split(point map[string]string, along []string) (curve, label string) {
	var other []string
	for _, k := range slices.Sorted(maps.Keys(point)) {
		words := strings.Split(k, ".")
		if slices.Contains(along, words[len(words)-1]) {
			label = point[k]
		} else {
			other = append(other, k+"="+point[k])
		}
	}
	if curve = strings.Join(other, ", "); curve == "" {
		curve = "all points"
	}
	return curve, label
}

// words is a metric's name for an axis.
func words(metric string) string {
	for _, c := range columns {
		if c.metric == metric {
			return c.title()
		}
	}
	return strings.ReplaceAll(metric, "_", " ")
}

// mainMetric is the first column that all summaries have.
func mainMetric(all []Summary) string {
	for _, c := range columnsOf(all) {
		if !slices.ContainsFunc(all, func(s Summary) bool { _, ok := s.Metrics[c.metric]; return !ok && s.Runs > 0 }) && c.metric != "request_throughput" {
			return c.metric
		}
	}
	return ""
}

func scaling(name string, all []Summary) ([]Figure, error) {
	metric, curves, xs := mainMetric(all), map[string][]spot{}, map[float64]bool{}
	for _, s := range all {
		for k, v := range s.Point {
			n, err := strconv.ParseFloat(v, 64)
			if y, ok := s.Metrics[metric]; ok && err == nil && (k == "nodes" || strings.HasSuffix(k, ".nodes") || k == "replicas") {
				rest := maps.Clone(s.Point)
				delete(rest, k)
				curve, _ := split(rest, nil)
				curves[curve], xs[n] = append(curves[curve], at(n, y, "")), true
			}
		}
	}
	if len(xs) < 2 {
		return nil, nil
	}
	return figure("scaling-"+name, name+": over nodes", "How the main number grows with the size of the service; a straight line through zero would be perfect.", all, func() (f Figure, err error) {
		f.SVG, err = lines("nodes or replicas", words(metric), curvesOf(curves, nil))
		return f, err
	})
}

// recall draws the frontiers that vector runs leave, or nothing.
func recall(name string, all []Summary) ([]Figure, error) {
	curves := map[string][]spot{}
	for _, s := range all {
		for _, row := range s.group.Rows {
			for _, q := range frontierFile(row.Dir) {
				curve := pointText(s.Point)
				if curve == "" {
					curve = "all points"
				}
				curves[curve] = append(curves[curve], spot{x: q.Recall, y: q.QPS, lo: q.QPS, hi: q.QPS, label: fmt.Sprintf("ef %d", q.EF)})
			}
		}
	}
	if len(curves) == 0 {
		return nil, nil
	}
	return figure("recall-"+name, name+": recall and queries per second", "Up and to the right is better.", all, func() (f Figure, err error) {
		f.SVG, err = lines("recall", "queries/s", curvesOf(curves, nil))
		return f, err
	})
}

// phases draws the phases of storage runs: bandwidths and rates, each engine by itself.
func phases(name string, all []Summary) ([]Figure, error) {
	var out []Figure
	engines := map[string][]Summary{}
	for _, s := range all {
		if _, ok := s.Metrics["score_total"]; ok {
			engines[s.Engine] = append(engines[s.Engine], s)
		}
	}
	for _, engine := range slices.Sorted(maps.Keys(engines)) {
		for _, bandwidth := range []bool{true, false} {
			var names []string
			groups := make([]series, len(engines[engine]))
			unit := ""
			for _, p := range storage.Phases {
				if p.Bandwidth() != bandwidth {
					continue
				}
				for i, s := range engines[engine] {
					groups[i].name = pointText(s.Point)
					groups[i].spots = append(groups[i].spots, spot{x: float64(len(names)), y: s.Metrics[p.Metric()].Mean})
				}
				names, unit = append(names, p.Name), p.Unit()
			}
			figures, err := figure(fmt.Sprintf("phases-%s-%s-%t", name, engine, bandwidth), fmt.Sprintf("%s: %s by phase, engine %s", name, unit, engine),
				"Means over repeats. Numbers of different engines are never in one figure.", engines[engine], func() (f Figure, err error) {
					f.SVG, err = columnsChart(unit, names, groups)
					return f, err
				})
			if err != nil {
				return nil, err
			}
			out = append(out, figures...)
		}
	}
	return out, nil
}

// revisions draws the main number over the revisions that measured a benchmark, with the engine that it has now.
func (r Report) revisions(name string, all []Summary) ([]Figure, error) {
	metric := mainMetric(all)
	byRevision := map[string][]float64{}
	var order []string
	engine := ""
	for _, row := range r.history {
		if row.Benchmark == name {
			engine = cmp.Or(row.Engine(), engine)
		}
	}
	for _, row := range r.history {
		v, ok := row.Metrics[metric]
		if !ok || !row.Valid || row.Benchmark != name || len(row.Point) > 0 || row.Engine() != engine {
			continue
		}
		if _, seen := byRevision[row.Revision]; !seen {
			order = append(order, row.Revision)
		}
		byRevision[row.Revision] = append(byRevision[row.Revision], v)
	}
	if len(order) < 2 {
		return nil, nil
	}
	bars := series{name: metric}
	for i, rev := range order {
		bars.spots = append(bars.spots, at(float64(i), interval(byRevision[rev]), ""))
	}
	return figure("revisions-"+name, name+": over revisions", "Means over repeats, oldest revision first. Whether two differ: assay compare.", all, func() (f Figure, err error) {
		f.SVG, err = columnsChart(words(metric), order, []series{bars})
		return f, err
	})
}
