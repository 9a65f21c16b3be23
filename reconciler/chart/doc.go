// Package chart draws the charts of the report and of the live page, as SVG inside of HTML.
//
//	line.go       Line: curves through points with their intervals
//	cdf.go        CDF: the share of values up to each one
//	scatter.go    Scatter: points, and the front of those that no other one beats in both directions; Dots: many points
//	bars.go       Bars: values with names
//	timeline.go   Timeline: what ran when, and until when it may
//	sparkline.go  Sparkline: a series in the height of a line of text
//	plot.go       Plot, Series, Point, Axis: what is drawn
//	panels.go     small multiples: one panel for each series when there are too many for one plot
//	labels.go     which words are written where
//	frame.go      axes, grid, marks
//	scale.go      from values to places; ticks and numbers
//	svg.go        how SVG is written
//	script.go     CSS and Script, which a page that shows charts includes once
//
// A series is one configuration. Series are never joined to each other, and each has its name at its end. Where there are more
// than a reader can tell apart, each gets a panel of its own with the same axes, so that none is left out. Values that do not
// count are crosses or dashed lines in the colour of the text.
//
// Everything is drawn here and not in the browser: a page without a script shows all of it. The script adds a box with the
// numbers under the mouse, and arrow keys from point to point. Colours are properties of the style sheet, --chart-1 to
// --chart-6, so that one drawing serves light, dark and paper; the shape of a mark tells series apart without colour.
//
// gonum/plot, which the report used before, writes colours and fonts into its SVG, knows no hover, and cannot label a curve at
// its end; what these charts need of it is little more than a thousand lines, and without its fonts and formats the binary is 7 MB smaller.
package chart
