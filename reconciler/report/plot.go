package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"regexp"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// palette is Okabe and Ito's, without yellow, which vanishes on white.
var palette = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff}, color.RGBA{0xd5, 0x5e, 0x00, 0xff}, color.RGBA{0x00, 0x9e, 0x73, 0xff},
	color.RGBA{0xcc, 0x79, 0xa7, 0xff}, color.RGBA{0x56, 0xb4, 0xe9, 0xff}, color.RGBA{0xe6, 0x9f, 0x00, 0xff}, color.RGBA{0x33, 0x33, 0x33, 0xff},
}

var grey = color.RGBA{0x80, 0x80, 0x80, 0xff}

var shapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.TriangleGlyph{}, draw.PyramidGlyph{}, draw.PlusGlyph{}, draw.CrossGlyph{}, draw.RingGlyph{}}

// spot is a point of a series: Y with its interval, and a word beside it.
type spot struct {
	x, y, lo, hi float64
	label        string
}

// series is a line through spots, or spots alone.
type series struct {
	name   string
	spots  []spot
	lined  bool
	hollow bool // not valid: grey rings
}

// Figure is one plot.
type Figure struct {
	ID, Title, Caption string
	Simulated          bool
	SVG                template.HTML // made here, of numbers and of text that gonum escapes
}

const (
	width  = 16 * vg.Centimeter
	height = 9 * vg.Centimeter
)

func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	for _, t := range []*font.Font{&p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font, &p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		t.Variant = "Sans"
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font.Size, a.Tick.Label.Font.Size = vg.Points(11), vg.Points(10)
		a.Label.Padding = vg.Points(3)
	}
	p.Legend.TextStyle.Font.Size = vg.Points(10)
	p.Legend.Top, p.Legend.Left, p.Legend.Padding, p.Legend.XOffs = true, true, vg.Points(2), vg.Points(8) // text may turn out wider in a browser
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xdd}, color.Gray{0xee}
	p.Add(grid)
	return p
}

// lines draws series. Both axes begin at zero, so that no difference looks larger than it is.
func lines(x, y string, all []series) (template.HTML, error) {
	p := newPlot(x, y)
	p.X.Min, p.Y.Min = 0, 0
	thin(all)
	for i, s := range all {
		if err := s.draw(p, i); err != nil {
			return "", err
		}
	}
	p.X.Min, p.Y.Min = 0, 0
	p.X.Max, p.Y.Max = p.X.Max*1.12, p.Y.Max*(1.1+0.06*float64(len(all))) // room for labels and legend
	return render(p, width, height)
}

// thin leaves out labels that would lie on another one.
func thin(all []series) {
	var right, top float64
	for _, s := range all {
		for _, q := range s.spots {
			right, top = max(right, q.x), max(top, q.hi, q.y)
		}
	}
	var taken []spot
	for _, s := range all {
		for i := len(s.spots) - 1; i >= 0; i-- { // the heaviest load says most
			q := &s.spots[i]
			for _, t := range taken {
				if math.Abs(q.x-t.x) < 0.06*right && math.Abs(q.y-t.y) < 0.06*top {
					q.label = ""
				}
			}
			if q.label != "" {
				taken = append(taken, *q)
			}
		}
	}
}

func (s series) draw(p *plot.Plot, i int) error {
	if len(s.spots) == 0 {
		return nil
	}
	c, shape := palette[i%len(palette)], shapes[i%len(shapes)]
	if s.hollow {
		c, shape = grey, draw.RingGlyph{}
	}
	xy := make(plotter.XYs, len(s.spots))
	labels := plotter.XYLabels{XYs: xy, Labels: make([]string, len(s.spots))}
	bars := make(plotter.YErrors, len(s.spots))
	for k, q := range s.spots {
		xy[k], labels.Labels[k] = plotter.XY{X: q.x, Y: q.y}, q.label
		bars[k].Low, bars[k].High = math.Max(0, q.y-q.lo), math.Max(0, q.hi-q.y)
	}
	if s.lined {
		l, err := plotter.NewLine(xy)
		if err != nil {
			return err
		}
		l.Color, l.Width = c, vg.Points(1.5)
		p.Add(l)
		if len(s.spots) > 60 { // a curve needs no marks
			p.Legend.Add(s.name, l)
			return nil
		}
	}
	points, err := plotter.NewScatter(xy)
	if err != nil {
		return err
	}
	points.Color, points.Shape, points.Radius = c, shape, vg.Points(3)
	errs, err := plotter.NewYErrorBars(struct {
		plotter.XYer
		plotter.YErrorer
	}{xy, bars})
	if err != nil {
		return err
	}
	errs.Color = c
	text, err := plotter.NewLabels(labels)
	if err != nil {
		return err
	}
	for k := range text.TextStyle {
		text.TextStyle[k].Font.Variant = "Sans"
		text.TextStyle[k].Font.Size, text.TextStyle[k].Color = vg.Points(9), color.Gray{0x44}
	}
	text.Offset = vg.Point{X: vg.Points(4), Y: vg.Points(4)}
	p.Add(errs, points, text)
	p.Legend.Add(s.name, points)
	return nil
}

// columnsChart draws a bar for each name, in groups.
func columnsChart(y string, names []string, groups []series) (template.HTML, error) {
	p := newPlot("", y)
	p.Y.Min = 0
	w := vg.Points(260) / vg.Length(max(1, len(names)*len(groups)))
	w = min(w, vg.Points(22))
	for i, g := range groups {
		values := make(plotter.Values, len(names))
		for _, q := range g.spots {
			values[int(q.x)] = q.y
		}
		b, err := plotter.NewBarChart(values, w)
		if err != nil {
			return "", err
		}
		b.Color, b.LineStyle.Width = palette[i%len(palette)], 0
		b.Offset = w * (vg.Length(i) - vg.Length(len(groups)-1)/2)
		p.Add(b)
		if len(groups) > 1 {
			p.Legend.Add(g.name, b)
		}
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max = -0.6, float64(len(names))-0.4
	p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = math.Pi/7, draw.XRight, draw.YTop
	p.Y.Max *= 1.15
	return render(p, width, height+vg.Centimeter)
}

var prolog = regexp.MustCompile(`(?s)^.*?<svg `)

// render gives an <svg> that scales with the page.
func render(p *plot.Plot, w, h vg.Length) (template.HTML, error) {
	canvas := vgsvg.New(w, h)
	p.Draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", fmt.Errorf("drawing: %w", err)
	}
	return template.HTML(prolog.ReplaceAllString(b.String(), `<svg role="img" `)), nil
}
