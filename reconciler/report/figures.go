package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"assay/reconciler/results"
)

const (
	// mostCurves is how many lines one figure can hold and still be read.
	mostCurves = 6
	// mostBars is how many points one bar chart can hold and still be read.
	mostBars = 12
)

// load are the parameters that set the load on a server: a frontier runs over them.
var load = []string{"concurrency", "rate", "prompts"}

// Figure is one plot with its title and caption.
type Figure struct {
	ID, Title, Caption string
	Simulated          bool
	drawing
}

// Figures draws the figures that the results have; the package doc lists them.
func (r Report) Figures() ([]Figure, error) {
	var out []Figure
	for _, name := range r.benchmarks() {
		all := r.of(name)
		for _, make := range []func(string, []Summary) ([]Figure, error){frontier, scaling, distributions, timeline, recall, phases, r.revisions, r.changes} {
			figures, err := make(name, all)
			if err != nil {
				return nil, fmt.Errorf("a figure of benchmark %s: %w", name, err)
			}
			out = append(out, figures...)
		}
	}
	return out, nil
}

// figure wraps a plot.
func figure(id, title, caption string, all []Summary, d drawing, err error) ([]Figure, error) {
	if err != nil {
		return nil, err
	}
	simulated := slices.ContainsFunc(all, func(s Summary) bool { return s.Simulated })
	return []Figure{{id, title, caption, simulated, d}}, nil
}

// some picks at most that many, evenly spaced, with a sentence when some are left out.
func some[T any](all []T, most int, what string) ([]T, string) {
	n := len(all)
	if n <= most {
		return all, ""
	}
	var out []T
	for i := range most {
		out = append(out, all[i*(n-1)/(most-1)])
	}
	return out, fmt.Sprintf(" %d of %d %s are drawn.", most, n, what)
}

func frontier(name string, all []Summary) ([]Figure, error) {
	latency := "ttft_p99_ms"
	const always = "ttft_median_ms"
	has := func(s Summary, metric string) bool { _, ok := s.Metrics[metric]; return ok }
	if slices.ContainsFunc(all, func(s Summary) bool { return !has(s, latency) && has(s, always) }) {
		latency = always // all points that have latencies have it, so they stay comparable
	}
	curves, drawn := map[string][]spot{}, 0
	var invalid []spot
	for _, s := range all {
		curve, label := split(s.Point, load)
		x, okX := s.Metrics["output_throughput"]
		y, okY := s.Metrics[latency]
		if okX && okY {
			curves[curve] = append(curves[curve], at(x.Mean, y, label))
			drawn++
		}
		for _, row := range s.group.Invalid {
			x, okX := row.Metrics["output_throughput"]
			y, okY := row.Metrics[latency]
			if okX && okY {
				invalid = append(invalid, exact(x, y))
				drawn++
			}
		}
	}
	if drawn < 2 {
		return nil, nil
	}
	lined, note := curvesOf(curves, invalid)
	d, err := lines(axes{x: "output tokens/s", y: words(latency)}, lined)
	return figure("frontier-"+name, name+": throughput and latency",
		"Each mark is the mean over repeats with its 95 % interval, labelled with the load. Down and to the right is better."+note, all, d, err)
}

// curvesOf makes a series of each curve, from left to right, and one of the invalid spots.
func curvesOf(curves map[string][]spot, invalid []spot) ([]series, string) {
	names, note := some(slices.SortedFunc(maps.Keys(curves), results.Natural), mostCurves, "curves")
	var out []series
	for _, name := range names {
		spots := curves[name]
		slices.SortFunc(spots, func(a, b spot) int { return cmp.Compare(a.x, b.x) })
		out = append(out, series{name: name, spots: spots, lined: true})
	}
	return append(out, series{name: "not valid", spots: invalid, bad: true}), note
}

func at(x float64, y Interval, label string) spot {
	s := exact(x, y.Mean)
	s.label = label
	if y.Lo != nil {
		s.lo, s.hi = *y.Lo, *y.Hi
	}
	return s
}

// split separates the parameters along a curve (the label) from those that make another curve (its name).
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

func isNodes(parameter string) bool {
	return parameter == "nodes" || parameter == "replicas" || strings.HasSuffix(parameter, ".nodes") || strings.HasSuffix(parameter, ".replicas")
}

func scaling(name string, all []Summary) ([]Figure, error) {
	metric, curves, xs := mainMetric(all), map[string][]spot{}, map[float64]bool{}
	var invalid []spot
	for _, s := range all {
		for k, v := range s.Point {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil || !isNodes(k) {
				continue
			}
			if y, ok := s.Metrics[metric]; ok {
				rest := maps.Clone(s.Point)
				delete(rest, k)
				curve, _ := split(rest, nil)
				curves[curve], xs[n] = append(curves[curve], at(n, y, "")), true
			}
			for _, row := range s.group.Invalid {
				if y, ok := row.Metrics[metric]; ok {
					invalid, xs[n] = append(invalid, exact(n, y)), true
				}
			}
		}
	}
	if len(xs) < 2 {
		return nil, nil
	}
	lined, note := curvesOf(curves, invalid)
	d, err := lines(axes{x: "nodes or replicas", y: words(metric)}, lined)
	return figure("scaling-"+name, name+": over nodes",
		"How the main number grows with the size of the service; a straight line through zero would be perfect."+note, all, d, err)
}

// recall draws the frontiers of vector runs (frontier.json), if there are any.
func recall(name string, all []Summary) ([]Figure, error) {
	curves, least := map[string][]spot{}, 1.0
	var invalid []spot
	for _, s := range all {
		curve, _ := split(s.Point, nil)
		for _, row := range slices.Concat(s.group.Rows, s.group.Invalid) {
			for _, q := range frontierFile(row.Dir) {
				one := exact(q.Recall, q.QPS)
				least = min(least, q.Recall)
				if !row.Valid {
					invalid = append(invalid, one)
					continue
				}
				one.label = fmt.Sprintf("ef %d", q.EF)
				curves[curve] = append(curves[curve], one)
			}
		}
	}
	if len(curves)+len(invalid) == 0 {
		return nil, nil
	}
	from := max(0, float64(int(10*least-0.5))/10) // useful recalls are close to 1
	lined, note := curvesOf(curves, invalid)
	d, err := lines(axes{x: "recall", y: "queries/s", from: from}, lined)
	return figure("recall-"+name, name+": recall and queries per second",
		fmt.Sprintf("Up and to the right is better. Recall is shown from %.1f.%s", from, note), all, d, err)
}
