package chart

import (
	"cmp"
	"fmt"
	"strings"
)

// A drawing fits a phone at its own size, and two fit side by side on a screen. Lengths are in units of the drawing.
const (
	width, height = 400.0, 260.0
	letter        = 5.6 // the mean width of a letter
	most          = 60  // points that are marked one by one; a longer line is a line alone
)

// frame is where a plot is drawn: its scales, and the size of the whole.
type frame struct {
	canvas
	w, h float64
	x, y scale
	slim bool // a panel: titles are outside of it
}

// area sets the places of the scales: what the ticks and titles need is left free.
func (f *frame) area(p Plot, right float64) {
	left := 0.0
	for _, v := range f.y.ticks(5) {
		left = max(left, letter*float64(len(Number(v))))
	}
	top, bottom := 22.0, 40.0
	if f.slim {
		top, bottom = 8, 20
	}
	if down := f.slant(p.X.Names); down > 0 {
		bottom += down
		first := letter * float64(min(len([]rune(p.X.Names[0])), longestAslant)) // it begins left of its place
		left = max(left, first*0.81-(f.w-right-left)/float64(2*len(p.X.Names)))
	}
	f.x.lo, f.x.hi = left+10, f.w-right
	f.y.lo, f.y.hi = f.h-bottom, top
}

// longestAslant is how many letters of a name below an axis are written.
const longestAslant = 23

// slant is what names below an axis need beyond one line; names that are long are written aslant.
func (f *frame) slant(names []string) float64 {
	longest := 0
	for _, n := range names {
		longest = max(longest, len([]rune(n)))
	}
	if float64(longest)*letter < (f.w-60)/float64(max(1, len(names))) {
		return 0
	}
	return float64(min(longest, longestAslant)) * letter * 0.6
}

// begin opens the drawing. With focus, points can be reached by key, so it is a group and not one image.
func (f *frame) begin(name string, focus bool) {
	role := "img"
	if focus {
		role = "group"
	}
	f.open("svg", "class", "chart", "viewBox", fmt.Sprintf("0 0 %s %s", place(f.w), place(f.h)), "role", role, "aria-label", name)
}

// axes draws grid, ticks and titles.
func (f *frame) axes(p Plot) {
	f.open("g", "class", "chart-axes", "aria-hidden", "true")
	across, up := 6, 5
	if f.slim {
		across, up = 4, 3
	}
	for _, v := range f.y.ticks(up) {
		y := f.y.at(v)
		f.tag("line", "x1", f.x.lo, "x2", f.x.hi, "y1", y, "y2", y)
		f.words(Number(v), f.x.lo-5, y+3.5, "end")
	}
	switch {
	case len(p.X.Names) > 0:
		f.names(p.X.Names)
	default:
		for _, v := range f.x.ticks(across) {
			x := f.x.at(v)
			f.tag("line", "x1", x, "x2", x, "y1", f.y.lo, "y2", f.y.lo+3)
			f.words(Number(v), x, f.y.lo+15, "middle")
		}
	}
	f.tag("line", "class", "chart-base", "x1", f.x.lo, "x2", f.x.hi, "y1", f.y.lo, "y2", f.y.lo)
	if !f.slim {
		f.words(p.Y.Title, 2, 12, "start", "class", "chart-title")
		f.words(p.X.Title, f.x.hi, f.h-6, "end", "class", "chart-title")
	}
	f.shut("g")
	f.happened(p.Marks)
}

// happened draws marks; their words are at the top, inside of the plot.
func (f *frame) happened(all []Mark) {
	for _, m := range all {
		class, x, anchor := "chart-happened", f.x.at(m.X), "start"
		if m.Bad {
			class += " chart-worse"
		}
		f.tag("line", "class", class, "x1", x, "x2", x, "y1", f.y.hi, "y2", f.y.lo)
		by := 3.0
		if x > (f.x.lo+f.x.hi)/2 {
			anchor, by = "end", -by
		}
		f.words(m.Word, x+by, f.y.hi+9, anchor, "class", class)
	}
}

func (f *frame) words(words string, x, y float64, anchor string, more ...any) {
	f.text("text", words, append([]any{"x", x, "y", y, "text-anchor", anchor}, more...)...)
}

// names writes the names of places below an axis, as many as there is room for.
func (f *frame) names(names []string) {
	slant := f.slant(names)
	every := 1
	for float64(len(names)/every)*11 > f.x.hi-f.x.lo {
		every++
	}
	for i, n := range names {
		if i%every != 0 {
			continue
		}
		x, y := f.x.at(float64(i)), f.y.lo+14
		if slant == 0 {
			f.words(n, x, y, "middle")
			continue
		}
		if r := []rune(n); len(r) > longestAslant {
			n = string(r[:longestAslant-1]) + "…"
		}
		f.words(n, x+3, y-2, "end", "transform", fmt.Sprintf("rotate(-36 %s %s)", place(x+3), place(y-2)))
	}
}

// shapes are the marks of series, around 0,0. Their order goes with that of the colours.
var shapes = []string{
	"M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", "M-3.2 -3.2h6.4v6.4h-6.4z", "M0 -4.2L4 3.2H-4z", "M0 -4.6L4.6 0L0 4.6L-4.6 0z", "M0 4.2L4 -3.2H-4z", "M-4 -1.3h2.7v-2.7h2.6v2.7h2.7v2.6h-2.7v2.7h-2.6v-2.7h-2.7z",
}

const cross = "M-3.8 -3.8L3.8 3.8M-3.8 3.8L3.8 -3.8"

// color is the class of the series at a place.
func color(i int) string { return fmt.Sprintf("chart-c%d", i%len(shapes)+1) }

// mark draws a point with its interval and its tip.
func (f *frame) mark(p Plot, s Series, i int, q Point, reached, first bool) {
	x, y := f.x.at(q.X), f.y.at(q.Y)
	class, shape := "chart-point "+color(i), shapes[i%len(shapes)]
	if s.Invalid || q.Invalid {
		class, shape = "chart-point chart-bad", cross
	}
	tip := p.tip(s, q)
	attributes := []any{"class", class}
	if reached {
		attributes = append(attributes, reach(first)...)
	}
	f.open("g", attributes...)
	f.text("title", tip)
	if q.spread() {
		lo, hi := f.y.at(q.Lo), f.y.at(q.Hi)
		f.tag("path", "class", "chart-interval", "d", fmt.Sprintf("M%s %sV%sM%s %sh6M%s %sh6", place(x), place(lo), place(hi), place(x-3), place(lo), place(x-3), place(hi)))
	}
	f.tag("circle", "class", "chart-hit", "cx", x, "cy", y, "r", 9.0)
	f.tag("path", "class", "chart-mark", "d", shape, "transform", fmt.Sprintf("translate(%s %s)", place(x), place(y)))
	f.shut("g")
}

// reach makes a point one that keys reach: tab goes to the first of a chart, arrows from there. Its title is what is read out.
func reach(first bool) []any {
	index := "-1"
	if first {
		index = "0"
	}
	return []any{"tabindex", index, "role", "img"}
}

// tip is what is shown of a point, a line for each part.
func (p Plot) tip(s Series, q Point) string {
	lines := []string{s.Name}
	if name := cmp.Or(q.Name, q.Label); name != "" {
		lines = append(lines, name)
	}
	across := Number(q.X)
	if i := int(q.X); len(p.X.Names) > 0 && i >= 0 && i < len(p.X.Names) {
		across = p.X.Names[i]
	}
	up := Number(q.Y)
	if q.spread() {
		up += fmt.Sprintf(" [%s, %s]", Number(q.Lo), Number(q.Hi))
	}
	lines = append(lines, said(p.X.Title, across), said(p.Y.Title, up))
	if q.Note != "" {
		lines = append(lines, q.Note)
	}
	if s.Invalid || q.Invalid {
		lines = append(lines, "not valid: it does not count")
	}
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	return strings.Join(lines, "\n")
}

func said(title, value string) string {
	if title == "" {
		return value
	}
	return title + ": " + value
}
