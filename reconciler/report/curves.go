package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"assay/reconciler/chart"
	"assay/reconciler/results"
)

// load are the parameters that set the load on a server.
var load = []string{"concurrency", "rate", "prompts"}

func isLoad(parameter string) bool { return slices.Contains(load, lastWord(parameter)) }

func isNodes(parameter string) bool {
	return slices.Contains([]string{"nodes", "replicas"}, lastWord(parameter))
}

func lastWord(parameter string) string { return parameter[strings.LastIndex(parameter, ".")+1:] }

// curve is a configuration: what differs along it is one parameter and nothing else.
type curve struct {
	name      string
	summaries []Summary // in the order of that parameter
}

// along picks the parameter that curves run along: of those that may, the one with the most values; empty when none has two.
func along(all []Summary, may func(parameter string) bool) (best string) {
	most := 1
	values := map[string]map[string]bool{}
	for _, s := range all {
		for k, v := range s.Point {
			if values[k] == nil {
				values[k] = map[string]bool{}
			}
			values[k][v] = true
		}
	}
	for _, k := range results.SortedKeys(values) {
		if n := len(values[k]); may(k) && n > most {
			best, most = k, n
		}
	}
	return best
}

// curvesAlong groups summaries into configurations. A point that lacks the parameter is a configuration of its own, and so is every
// point when there is no parameter: points that differ in two things are in no common line.
func curvesAlong(all []Summary, parameter string) []curve {
	names := namer(all, parameter)
	at := map[string]int{}
	var out []curve
	for _, s := range all {
		name := names(s.Point)
		key := name
		if _, has := s.Point[parameter]; !has {
			key = pointText(s.Point) + " alone"
		}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, curve{name: name})
		}
		out[i].summaries = append(out[i].summaries, s)
	}
	for _, c := range out {
		slices.SortStableFunc(c.summaries, func(a, b Summary) int { return byValue(a.Point[parameter], b.Point[parameter]) })
	}
	slices.SortStableFunc(out, func(a, b curve) int { return results.Natural(a.name, b.name) })
	return out
}

// byValue orders values of a parameter: numbers by size, where inf is the largest, and words as people count.
func byValue(a, b string) int {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err1 == nil && err2 == nil && !math.IsNaN(x) && !math.IsNaN(y) {
		return cmp.Compare(x, y)
	}
	return results.Natural(a, b)
}

// namer names points by the parameters that differ between them, apart from one.
func namer(all []Summary, apart string) func(point map[string]string) string {
	differs := map[string]bool{}
	for _, s := range all {
		for k := range s.Point {
			if k != apart && slices.ContainsFunc(all, func(o Summary) bool { return o.Point[k] != s.Point[k] }) {
				differs[k] = true
			}
		}
	}
	return func(point map[string]string) string {
		short := map[string]string{}
		for k, v := range point {
			if differs[k] {
				short[k] = v
			}
		}
		return cmp.Or(pointText(short), "all points")
	}
}

// series draws each configuration as a series. Point gives a summary's place, and those of its runs that do not count.
func seriesOf(curves []curve, points func(Summary) []chart.Point) (out []chart.Series) {
	for _, c := range curves {
		s := chart.Series{Name: c.name}
		for _, one := range c.summaries {
			s.Points = append(s.Points, points(one)...)
		}
		out = append(out, s)
	}
	return out
}
