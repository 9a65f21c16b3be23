package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// bars draws a bar for each name, in groups, with intervals. An invalid value is a cross where its bar would end.
func bars(x, y string, names []string, groups []series) (drawing, error) {
	p := newPlot(x, y)
	p.X.Label.TextStyle.Font.Size = vg.Points(9)
	var out drawing
	var solid []series
	for _, g := range groups {
		if !g.bad {
			solid = append(solid, g)
		}
	}
	w := min(vg.Points(240)/vg.Length(max(1, len(names)*len(solid))), vg.Points(22))
	for i, g := range solid {
		if err := g.bars(p, len(names), i, w, w*(vg.Length(i)-vg.Length(len(solid)-1)/2)); err != nil {
			return drawing{}, err
		}
		if len(groups) > 1 {
			k := g.key(i)
			k.Mark = "■"
			out.Legend = append(out.Legend, k)
		}
	}
	for _, g := range groups {
		if !g.bad || len(g.spots) == 0 {
			continue
		}
		if err := g.draw(p, 0); err != nil {
			return drawing{}, err
		}
		out.Legend = append(out.Legend, g.key(0))
	}
	if len(out.Legend) == 1 && len(solid) == 1 { // the title says it
		out.Legend = nil
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max, p.Y.Min = -0.6, float64(len(names))-0.4, 0
	p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = math.Pi/5, draw.XRight, draw.YTop
	p.Y.Max *= 1.1
	var err error
	out.SVG, err = render(p, width, height+vg.Centimeter)
	return out, err
}

func (s series) bars(p *plot.Plot, n, i int, w, offset vg.Length) error {
	values := make(plotter.Values, n)
	for _, q := range s.spots {
		values[int(q.x)] = q.y
	}
	b, err := plotter.NewBarChart(values, w)
	if err != nil {
		return err
	}
	b.Color, b.LineStyle.Width, b.Offset = palette[i%len(palette)], 0, offset
	p.Add(b)
	return intervals(p, s.spots, offset, color.Gray{0x33})
}

// shifted draws a plotter to the right of its X by a length: the bars of a group stand next to each other.
type shifted struct {
	plot.Plotter
	by vg.Length
}

// Plot implements plot.Plotter.
func (s shifted) Plot(c draw.Canvas, p *plot.Plot) {
	c.Min.X, c.Max.X = c.Min.X+s.by, c.Max.X+s.by
	s.Plotter.Plot(c, p)
}

// intervals draws the intervals of spots, and extends the axes to hold them.
func intervals(p *plot.Plot, spots []spot, offset vg.Length, c color.Color) error {
	var xy plotter.XYs
	var ends plotter.YErrors
	for _, q := range spots {
		if q.hi > q.lo {
			xy = append(xy, plotter.XY{X: q.x, Y: q.y})
			ends = append(ends, struct{ Low, High float64 }{max(0, q.y-max(0, q.lo)), max(0, q.hi-q.y)})
		}
	}
	if len(xy) == 0 {
		return nil
	}
	e, err := plotter.NewYErrorBars(struct {
		plotter.XYer
		plotter.YErrorer
	}{xy, ends})
	if err != nil {
		return err
	}
	e.Color = c
	p.Add(shifted{e, offset})
	_, _, _, top := e.DataRange()
	p.Y.Max = max(p.Y.Max, top)
	return nil
}
