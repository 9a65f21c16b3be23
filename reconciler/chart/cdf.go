package chart

import "slices"

// mostSteps is how finely the curve of a distribution is drawn.
const mostSteps = 200

// Sample is what a distribution is of: the values of one configuration.
type Sample struct {
	Name    string
	Panel   string // as that of a Series
	Values  []float64
	Invalid bool // they do not count: a dashed line
}

// CDF draws the share of values that are at most so large, a curve for each sample. X is the axis of the values; what lies behind its
// end is not drawn, so a caption has to say how much that is.
func CDF(name string, x, y Axis, samples []Sample) html {
	y.To = 100
	p := Plot{Name: name, X: x, Y: y}
	for _, s := range samples {
		points := shares(s.Values)
		if x.To > 0 {
			points = slices.DeleteFunc(points, func(q Point) bool { return q.X > x.To })
		}
		p.Series = append(p.Series, Series{Name: s.Name, Panel: s.Panel, Invalid: s.Invalid, Points: points})
	}
	return p.compose(shared)
}

// shares are the steps of a distribution, from the least value to the largest.
func shares(values []float64) (out []Point) {
	sorted := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return !finite(v) })
	slices.Sort(sorted)
	n := len(sorted)
	if n == 0 {
		return nil
	}
	steps := min(n, mostSteps)
	for i := range steps {
		k := (n - 1)
		if steps > 1 {
			k = i * (n - 1) / (steps - 1)
		}
		out = append(out, At(sorted[k], 100*float64(k+1)/float64(n)))
	}
	return out
}

// shared draws distributions. All end at 100 %, so each has its mark and letter at a height of its own.
func shared(p Plot, f *frame, all []Series, first int) []key {
	f.area(p, 14)
	f.begin(p.Name, false)
	f.axes(p)
	var keys []key
	for i, s := range all {
		f.joined(s, first+i)
	}
	for i, s := range all {
		quartiles(p, f, s, first+i)
		if len(all) == 1 && (f.slim || !s.Invalid) {
			continue
		}
		k := key{string(rune('A' + i)), s.Name, first + i, s.Invalid}
		keys = append(keys, k)
		height := 85 - 70*float64(i)/float64(max(1, len(all)-1))
		q := s.Points[0]
		for _, next := range s.Points {
			if q = next; q.Y >= height {
				break
			}
		}
		class := color(k.i)
		if s.Invalid {
			class = "chart-bad"
		}
		f.words(k.letter, f.x.at(q.X)+5, f.y.at(q.Y)+4, "start", "class", "chart-end "+class)
	}
	f.shut("svg")
	return keys
}

// quartiles marks what readers ask of a distribution: its median, and where the slowest begin.
func quartiles(p Plot, f *frame, s Series, i int) {
	for _, share := range []float64{50, 90, 99} {
		for _, q := range s.Points {
			if q.Y >= share {
				f.mark(p, s, i, Point{X: q.X, Y: q.Y, Label: "p" + Number(share)}, false, false)
				break
			}
		}
	}
}
