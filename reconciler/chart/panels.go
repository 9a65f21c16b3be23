package chart

import (
	"fmt"
	"slices"
	"strings"
)

// mostPanels is how many panels are open; the rest is folded below them, with all names in sight.
const mostPanels = 24

// draw draws some series into a frame, from a colour on, and returns the key that they need.
type draw func(p Plot, f *frame, all []Series, first int) []key

// compose draws all series in one plot, or in panels when they are too many.
func (p Plot) compose(with draw) html {
	all := p.drawn()
	if len(all) == 0 {
		return ""
	}
	if crowded(all) {
		return p.panels(all, with)
	}
	f := &frame{w: width, h: height}
	f.x, f.y = p.bounds(all)
	f.open("div", "class", "chart-box")
	keys := with(p, f, all, 0)
	f.keyed(keys)
	f.shut("div")
	return f.html()
}

// crowded reports whether series are too many for one plot. Those that do not count are told apart from the others by their dashes, so
// as many of them may be there besides.
func crowded(all []Series) bool {
	bad := 0
	for _, s := range all {
		if s.Invalid {
			bad++
		}
	}
	return len(all)-bad > mostTogether || bad > mostTogether
}

// panels draws several plots with the same axes: one for each group of series, or where those have no groups, or too large ones, one for
// each series.
func (p Plot) panels(all []Series, with draw) html {
	var c canvas
	groups := grouped(all)
	c.open("div", "class", "chart-box")
	c.text("p", fmt.Sprintf("%d panels with the same axes. Up: %s. To the right: %s.", len(groups), p.Y.Title, p.X.Title), "class", "chart-note")
	x, y := p.bounds(all)
	shown := groups[:min(len(groups), mostPanels)]
	c.grid(p, shown, x, y, with)
	if rest := groups[len(shown):]; len(rest) > 0 {
		var names []string
		for _, g := range rest {
			names = append(names, g.name)
		}
		c.open("details", "class", "chart-more")
		c.text("summary", fmt.Sprintf("%d more: %s", len(rest), strings.Join(names, "; ")))
		c.grid(p, rest, x, y, with)
		c.shut("details")
	}
	c.shut("div")
	return c.html()
}

// panel is a plot of a few series.
type panel struct {
	name string
	all  []Series
}

func grouped(all []Series) (out []panel) {
	at := map[string]int{}
	for _, s := range all {
		i, ok := at[s.Panel]
		if !ok {
			i = len(out)
			at[s.Panel] = i
			out = append(out, panel{name: s.Panel})
		}
		out[i].all = append(out[i].all, s)
	}
	if !slices.ContainsFunc(out, func(g panel) bool { return g.name == "" || crowded(g.all) }) {
		return out
	}
	out = nil
	for _, s := range all {
		name := s.Name
		if s.Panel != "" {
			name = s.Panel + ", " + name
		}
		out = append(out, panel{name, []Series{s}})
	}
	return out
}

func (c *canvas) grid(p Plot, all []panel, x, y scale, with draw) {
	class, w, h := "chart-panels", 200.0, 120.0
	if slices.ContainsFunc(all, func(g panel) bool { return len(g.all) > 1 }) {
		class, w, h = "chart-panels chart-few", 300, 190
	}
	c.open("div", "class", class)
	for _, g := range all {
		f := &frame{w: w, h: h, x: x, y: y, slim: true}
		c.open("div", "class", "chart-panel")
		c.text("p", g.name)
		one := p
		one.Name = p.Name + ": " + g.name
		keys := with(one, f, g.all, 0)
		f.keyed(keys)
		c.WriteString(f.String())
		c.shut("div")
	}
	c.shut("div")
}
