package chart

import "slices"

// mostReached are the points of a plot that keys can go through, one after another.
const mostReached = 60

// Line draws each series as a line through its points, with intervals.
func Line(p Plot) html { return p.compose(lines) }

// lines draws series with their names at their ends.
func lines(p Plot, f *frame, all []Series, first int) []key {
	ends, keys := named(all)
	if f.slim && len(all) == 1 {
		ends, keys = []string{""}, nil // the panel says it
	}
	f.area(p, room(ends))
	reached := reachable(all)
	f.begin(p.Name, reached)
	f.axes(p)
	labels := make([]end, len(all))
	for i, s := range all {
		f.joined(s, first+i)
		last := s.Points[len(s.Points)-1]
		labels[i] = end{x: f.x.at(last.X), y: f.y.at(last.Y), w: 14 + letter*float64(len([]rune(ends[i])))}
	}
	for i, s := range all {
		if len(s.Points) > most {
			continue
		}
		for k, q := range s.Points {
			f.mark(p, s, first+i, q, reached, i+k == 0)
		}
	}
	apart(labels, f.y.hi+4, f.y.lo)
	f.spoken(all, slices.DeleteFunc(slices.Clone(labels), func(e end) bool { return e.w <= 14 }))
	for i, e := range labels {
		f.ending(ends[i], e, first+i, all[i].Invalid)
	}
	f.shut("svg")
	return keys
}

// reachable reports whether there are few enough points for keys to go through them.
func reachable(all []Series) bool {
	n := 0
	for _, s := range all {
		n += len(s.Points)
	}
	return n <= mostReached
}

// joined draws the line of a series; points that do not count are in none.
func (f *frame) joined(s Series, i int) {
	var places [][2]float64
	for _, q := range s.Points {
		if !q.Invalid {
			places = append(places, [2]float64{f.x.at(q.X), f.y.at(q.Y)})
		}
	}
	if len(places) < 2 {
		return
	}
	class := "chart-line " + color(i)
	if s.Invalid {
		class = "chart-line chart-bad"
	}
	f.tag("path", "class", class, "data-series", s.Name, "d", path(places))
}

// ending writes a name at the end of its curve, with a thin line to it where it had to be moved.
func (f *frame) ending(name string, e end, i int, bad bool) {
	if name == "" {
		return
	}
	class := color(i)
	if bad {
		class = "chart-bad"
	}
	if away := e.to - e.y; away > 5 || away < -5 {
		f.tag("path", "class", "chart-leader "+class, "d", path([][2]float64{{e.x + 3, e.y}, {e.x + 9, e.to}}))
	}
	f.words(name, e.x+10, e.to+4, "start", "class", "chart-end "+class)
}
