package chart

import (
	"fmt"
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
	if len(all) > mostTogether {
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

// panels draws one plot for each series, all with the same axes.
func (p Plot) panels(all []Series, with draw) html {
	var c canvas
	c.open("div", "class", "chart-box")
	c.text("p", fmt.Sprintf("%d panels with the same axes. Up: %s. To the right: %s.", len(all), p.Y.Title, p.X.Title), "class", "chart-note")
	x, y := p.bounds(all)
	shown := all[:min(len(all), mostPanels)]
	c.grid(p, shown, x, y, with)
	if rest := all[len(shown):]; len(rest) > 0 {
		var names []string
		for _, s := range rest {
			names = append(names, s.Name)
		}
		c.open("details", "class", "chart-more")
		c.text("summary", fmt.Sprintf("%d more: %s", len(rest), strings.Join(names, "; ")))
		c.grid(p, rest, x, y, with)
		c.shut("details")
	}
	c.shut("div")
	return c.html()
}

func (c *canvas) grid(p Plot, all []Series, x, y scale, with draw) {
	c.open("div", "class", "chart-panels")
	for _, s := range all {
		f := &frame{w: 200, h: 120, x: x, y: y, slim: true}
		c.open("div", "class", "chart-panel")
		c.text("p", s.Name)
		one := p
		one.Name = p.Name + ": " + s.Name
		with(one, f, []Series{s}, 0)
		c.WriteString(f.String())
		c.shut("div")
	}
	c.shut("div")
}
