package report

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"

	"assay/reconciler/chart"
	"assay/reconciler/results"
)

// latencies are the two latencies that every successful request has.
var latencies = []struct {
	id, name, what string
	of             func(request) float64
}{
	{"ttft", "TTFT", "their first token", func(q request) float64 { return q.ttft }},
	{"e2el", "E2EL", "their last token", func(q request) float64 { return q.e2el }},
}

// fewestRequests make a distribution that says anything.
const fewestRequests = 10

// distributions draws the share of requests whose latency is below a value, of all repeats of a point together, for every point.
// Invalid runs have dashed curves of their own.
func distributions(name string, all []Summary) (out []Figure) {
	parameter := along(all, isLoad)
	samples := make([][]chart.Sample, len(latencies))
	for s, panel := range byCurve(all, parameter) {
		label := cmp.Or(pointText(map[string]string{lastWord(parameter): s.Point[parameter]}), "all points")
		if parameter == "" {
			label, panel = panel, ""
		}
		for _, part := range []struct {
			rows  []results.Row
			after string
		}{{s.group.Rows, ""}, {s.group.Invalid, ", not valid"}} {
			for i, v := range valuesOf(part.rows) {
				if len(v) >= fewestRequests {
					samples[i] = append(samples[i], chart.Sample{Name: label + part.after, Panel: panel, Values: v, Invalid: part.after != ""})
				}
			}
		}
	}
	for i, l := range latencies {
		if len(samples[i]) == 0 {
			continue
		}
		end, note := endOf(samples[i])
		title := name + ": distribution of " + l.name
		out = append(out, Figure{ID: l.id + "-" + name, Title: title, Chart: chart.CDF(title, chart.Axis{Title: l.name + ", ms", To: end}, chart.Axis{Title: "share of requests, %"}, samples[i]),
			Caption: fmt.Sprintf("The share of requests that had %s within a time, all repeats of a point together. Marks are p50, p90 and p99.%s", l.what, note)})
	}
	return out
}

// byCurve goes through the points of all configurations, each with the configuration's name.
func byCurve(all []Summary, parameter string) iter.Seq2[Summary, string] {
	return func(yield func(Summary, string) bool) {
		for _, c := range curvesAlong(all, parameter) {
			for _, s := range c.summaries {
				if !yield(s, c.name) {
					return
				}
			}
		}
	}
}

// valuesOf are the latencies of the requests of some runs, in the order of latencies. Those of an overloaded run are of a queue, and
// depend on how long the run was.
func valuesOf(rows []results.Row) [][]float64 {
	values := make([][]float64, len(latencies))
	for _, row := range rows {
		if row.Overloaded() {
			continue
		}
		for _, q := range requests(row.Dir) {
			if q.failed {
				continue
			}
			for i, l := range latencies {
				values[i] = append(values[i], l.of(q))
			}
		}
	}
	return values
}

// endOf is where the axis of distributions ends: a single request that took very long would press all curves against the other side.
// What lies beyond is counted in a sentence.
func endOf(samples []chart.Sample) (end float64, note string) {
	const share, far = 0.995, 1.5
	slowest, beyond := 0.0, 0
	for i := range samples {
		slices.Sort(samples[i].Values)
		v := samples[i].Values
		end, slowest = max(end, v[int(share*float64(len(v)-1))]), max(slowest, v[len(v)-1])
	}
	if slowest <= far*end {
		return 0, ""
	}
	end *= 1.1
	for _, s := range samples {
		for _, v := range s.Values {
			if v > end {
				beyond++
			}
		}
	}
	return end, fmt.Sprintf(" %s took longer than the axis; the slowest %s ms.", many(beyond, "request"), results.Number(math.Round(slowest)))
}

// mostDots is how many requests of a run are drawn one by one.
const mostDots = 1000

// timeline draws TTFT over the time of the runs at the point that was measured last. Each repeat is a series; failed requests
// are on the axis.
func timeline(name string, all []Summary) []Figure {
	last := slices.MaxFunc(all, func(a, b Summary) int { return a.group.Last().Compare(b.group.Last()) })
	plot := chart.Plot{Name: name + ": TTFT over time", X: chart.Axis{Title: "seconds since the first request"}, Y: chart.Axis{Title: "TTFT, ms"}}
	thinned := ""
	for _, row := range slices.Concat(last.group.Rows, last.group.Invalid) {
		qs := requests(row.Dir)
		dots := chart.Series{Name: fmt.Sprintf("repeat %d", row.Repeat), Invalid: !row.Valid}
		if !row.Valid {
			dots.Name += ", not valid"
		}
		step := 1 + len(qs)/mostDots
		if step > 1 {
			thinned = fmt.Sprintf(" Of long runs one request in %d is drawn, and every failed one.", step)
		}
		for i, q := range qs {
			switch {
			case q.failed:
				dots.Points = append(dots.Points, chart.Point{X: q.at, Invalid: true, Note: "the request failed"})
			case i%step == 0:
				dots.Points = append(dots.Points, chart.At(q.at, q.ttft))
			}
		}
		if len(dots.Points) > 0 {
			plot.Series = append(plot.Series, dots)
		}
	}
	if len(plot.Series) == 0 {
		return nil
	}
	where := ""
	if len(last.Point) > 0 {
		where = " at " + pointText(last.Point)
	}
	return []Figure{{ID: "timeline-" + name, Title: plot.Name, Chart: chart.Dots(plot),
		Caption: "Requests" + where + " by when they were sent: a warm-up, a pause or a drift shows here. One that failed is a cross on the axis." + thinned}}
}
