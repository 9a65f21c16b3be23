package chart

import (
	"fmt"
	"slices"
)

// Scatter draws points without lines: more to the right and more up are better. The front goes through those that no other point
// beats in both directions; it is over all series together.
func Scatter(p Plot) html {
	all := p.drawn()
	if len(all) == 0 {
		return ""
	}
	f := &frame{w: width, h: height}
	f.x, f.y = p.bounds(all)
	front := Front(all)
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
	f.spoken([]Series{{Points: front}})
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

// Front are the valid points that no other one beats in both directions, from left to right.
func Front(all []Series) []Point {
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
			return o.X >= q.X && o.Y >= q.Y && (o.X > q.X || o.Y > q.Y)
		}) {
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b Point) int {
		if a.X < b.X {
			return -1
		}
		return 1
	})
	return out
}

// front draws steps: at a value of X, the best Y that any point with at least that X has.
func (f *frame) front(front []Point) {
	if len(front) < 2 {
		return
	}
	d := ""
	for i, q := range front {
		x, y := place(f.x.at(q.X)), place(f.y.at(q.Y))
		if i == 0 {
			d = fmt.Sprintf("M%s %sH%s", place(f.x.lo), y, x)
			continue
		}
		d += fmt.Sprintf("V%sH%s", y, x)
	}
	f.tag("path", "class", "chart-front", "d", d)
}
