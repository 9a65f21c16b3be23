package chart

import "fmt"

// Bars draws the values of each series as bars beside each other, at the places that X.Names name. An invalid value is a cross.
func Bars(p Plot) html {
	return p.compose(func(p Plot, f *frame, all []Series, first int) []key {
		f.x.from = -0.5
		f.area(p, 12)
		reached := reachable(all)
		f.begin(p.Name, reached)
		f.axes(p)
		solid := 0
		for _, s := range all {
			if !s.Invalid {
				solid++
			}
		}
		w := min(22, 0.8*(f.x.hi-f.x.lo)/float64(max(1, len(p.X.Names)*max(1, solid))))
		at, middle := 0.0, float64(solid-1)/2
		var keys []key
		for i, s := range all {
			shift := 0.0
			if !s.Invalid {
				shift = (at - middle) * w
				at++
			}
			for k, q := range s.Points {
				f.bar(p, s, first+i, q, w, shift, reached, i+k == 0)
			}
			if len(all) > 1 && !f.slim {
				keys = append(keys, key{"", s.Name, first + i, s.Invalid})
			}
		}
		f.shut("svg")
		return keys
	})
}

// bar is a bar with its interval; the mark on top has its tip.
func (f *frame) bar(p Plot, s Series, i int, q Point, w, shift float64, reached, first bool) {
	f.open("g", "transform", fmt.Sprintf("translate(%s 0)", place(shift)))
	if !s.Invalid && !q.Invalid {
		top := f.y.at(q.Y)
		f.tag("rect", "class", "chart-bar "+color(i), "x", f.x.at(q.X)-w/2+0.5, "y", top, "width", w-1, "height", f.y.lo-top)
	}
	f.mark(p, s, i, q, reached, first)
	f.shut("g")
}
