package chart

import (
	"html/template"
	"math"
	"slices"
)

// Point is one value. Hi above Lo is its interval; equal ends are none.
type Point struct {
	X, Y, Lo, Hi float64
	Label        string // a word or a number beside the point, where there is room
	Name         string // of the point, in its tip; empty: the label
	Note         string // more for its tip: how many runs, over what
	Invalid      bool   // it does not count: a cross, in no line
}

// At is a point without an interval.
func At(x, y float64) Point { return Point{X: x, Y: y} }

// Between is a point with an interval.
func Between(x, y, lo, hi float64) Point { return Point{X: x, Y: y, Lo: lo, Hi: hi} }

// Series are the points of one configuration, in the order in which a line joins them.
type Series struct {
	Name    string
	Panel   string // where there are too many series for one plot, those with the same word share a panel
	Points  []Point
	Invalid bool // none of it counts: a dashed line
}

// Axis is one direction of a plot. It begins at zero unless From says otherwise, so that differences look as large as they are.
type Axis struct {
	Title string
	From  float64  // where the axis begins
	To    float64  // where it ends; zero follows the values
	Names []string // of the places 0, 1, 2 …, instead of numbers
	Less  bool     // less is better: the front of a Scatter goes the other way
}

// Plot is a chart with two axes.
type Plot struct {
	Name   string // for readers who hear the page: what the chart shows
	X, Y   Axis
	Series []Series
	Marks  []Mark
}

// Mark is a place on the X axis at which something happened: a line across the plot with a word.
type Mark struct {
	X    float64
	Word string
	Bad  bool
}

// mostTogether is how many series one plot holds and still be read; more get a panel each.
const mostTogether = 6

// drawn are the series that have points; numbers that are none are left out, for nothing can be drawn for them.
func (p Plot) drawn() []Series {
	var out []Series
	for _, s := range p.Series {
		s.Points = slices.DeleteFunc(slices.Clone(s.Points), func(q Point) bool { return !finite(q.X) || !finite(q.Y) })
		if len(s.Points) > 0 {
			out = append(out, s)
		}
	}
	return out
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// spread reports whether a point has an interval that can be drawn.
func (q Point) spread() bool { return q.Hi > q.Lo && finite(q.Lo) && finite(q.Hi) }

// bounds are the ends of the axes, which hold all points and their intervals.
func (p Plot) bounds(all []Series) (x, y scale) {
	x, y = scale{from: p.X.From, to: p.X.From}, scale{from: p.Y.From, to: p.Y.From}
	for _, s := range all {
		for _, q := range s.Points {
			x.to, y.to = max(x.to, q.X), max(y.to, q.Y)
			if q.spread() {
				y.to = max(y.to, q.Hi)
			}
		}
	}
	x.to, y.to = p.X.end(x), p.Y.end(y)
	return x, y
}

// end leaves a little room behind the last value.
func (a Axis) end(s scale) float64 {
	switch {
	case len(a.Names) > 0:
		return float64(len(a.Names)) - 0.5
	case a.To > a.From:
		return a.To
	case s.to <= s.from:
		return s.from + 1
	}
	return s.from + (s.to-s.from)*1.06
}

// HTML of a chart is written by this package alone, of numbers and of text that it escapes.
type html = template.HTML
