package chart

import (
	"fmt"
	"math"
)

// Sparkline draws values in the height of a line of text. A value that is none, as a scrape that failed, is a gap. Without any value
// there is nothing to draw, and it is empty.
func Sparkline(name string, values []float64) html {
	low, high, last := math.Inf(1), math.Inf(-1), math.NaN()
	for _, v := range values {
		if finite(v) {
			low, high, last = min(low, v), max(high, v), v
		}
	}
	if !finite(low) {
		return ""
	}
	var c canvas
	name = fmt.Sprintf("%s: last %s, between %s and %s", name, Number(last), Number(low), Number(high))
	c.open("svg", "class", "chart chart-spark", "viewBox", "0 0 100 24", "preserveAspectRatio", "none", "role", "img", "aria-label", name)
	c.text("title", name)
	if high == low {
		high, low = high+1, low-1
	}
	x, y := scale{from: 0, to: float64(max(1, len(values)-1)), lo: 2, hi: 98}, scale{from: low, to: high, lo: 21, hi: 3}
	var run [][2]float64
	draw := func() {
		if len(run) == 1 {
			run = append(run, [2]float64{run[0][0] + 0.5, run[0][1]})
		}
		if len(run) > 0 {
			c.tag("path", "class", "chart-line chart-c1", "d", path(run))
		}
		run = nil
	}
	for i, v := range values {
		if !finite(v) {
			draw()
			continue
		}
		run = append(run, [2]float64{x.at(float64(i)), y.at(v)})
	}
	draw()
	c.shut("svg")
	return c.html()
}
