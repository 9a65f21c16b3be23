package chart

import (
	"cmp"
	"slices"
)

// Scatter draws points without lines. The front goes through those that no other point beats in both directions, of all series
// together: more is better, unless an axis says that less is.
func Scatter(p Plot) html {
	all := p.drawn()
	if len(all) == 0 {
		return ""
	}
	f := &frame{w: width, h: height}
	f.x, f.y = p.bounds(all)
	front := p.front(all)
	f.open("div", "class", "chart-box")
	f.area(p, 16)
	reached := reachable(all)
	f.begin(p.Name, reached)
	f.axes(p)
	f.front(front)
	together := len(all) <= mostTogether
	for i, s := range all {
		if !together {
			i = 0 // colours and shapes would repeat: the tip names the configuration
		}
		for k, q := range s.Points {
			f.mark(p, s, i, q, reached, i+k == 0)
		}
	}
	f.spoken([]Series{{Points: front}}, nil)
	f.shut("svg")
	var keys []key
	for i, s := range all {
		if together && len(all) > 1 {
			keys = append(keys, key{"", s.Name, i, s.Invalid})
		}
	}
	f.keyed(keys)
	f.shut("div")
	return f.html()
}

// front are the valid points that no other one beats in both directions, from left to right.
func (p Plot) front(all []Series) []Point {
	var points, out []Point
	for _, s := range all {
		for _, q := range s.Points {
			if !s.Invalid && !q.Invalid {
				points = append(points, q)
			}
		}
	}
	for _, q := range points {
		if !slices.ContainsFunc(points, func(o Point) bool {
			return p.X.least(o.X, q.X) && p.Y.least(o.Y, q.Y) && (o.X != q.X || o.Y != q.Y)
		}) {
			out = append(out, q)
		}
	}
	slices.SortStableFunc(out, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
	return out
}

// least reports whether a is at least as good as b.
func (a Axis) least(x, y float64) bool {
	if a.Less {
		return x <= y
	}
	return x >= y
}

// front joins the best points.
func (f *frame) front(front []Point) {
	if len(front) < 2 {
		return
	}
	var places [][2]float64
	for _, q := range front {
		places = append(places, [2]float64{f.x.at(q.X), f.y.at(q.Y)})
	}
	f.tag("path", "class", "chart-front", "d", path(places))
}

// Dots draws many points, as requests over time: without lines, and without tips except for those that do not count.
func Dots(p Plot) html {
	return p.compose(func(p Plot, f *frame, all []Series, first int) []key {
		f.area(p, 12)
		f.begin(p.Name, false)
		f.axes(p)
		var keys []key
		for i, s := range all {
			d := ""
			for _, q := range s.Points {
				if q.Invalid {
					f.mark(p, s, first+i, q, false, false)
					continue
				}
				d += "M" + place(f.x.at(q.X)) + " " + place(f.y.at(q.Y)) + "h0"
			}
			class := color(first + i)
			if s.Invalid {
				class = "chart-bad"
			}
			f.tag("path", "class", "chart-dots "+class, "data-series", s.Name, "d", d)
			if (len(all) > 1 || s.Invalid) && !f.slim {
				keys = append(keys, key{"", s.Name, first + i, s.Invalid})
			}
		}
		f.shut("svg")
		return keys
	})
}
