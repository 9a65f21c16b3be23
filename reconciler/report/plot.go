package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"regexp"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// palette is that of Okabe and Ito, without yellow, which is invisible on white, and black, which marks invalid results.
var palette = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0xe6, 0x9f, 0x00, 0xff},
}

// shapes with the character that the legend shows for each.
var shapes = []struct {
	glyph draw.GlyphDrawer
	mark  string
}{{draw.CircleGlyph{}, "●"}, {draw.BoxGlyph{}, "■"}, {draw.PyramidGlyph{}, "▲"}, {draw.RingGlyph{}, "○"}, {draw.SquareGlyph{}, "□"}, {draw.TriangleGlyph{}, "△"}}

var black = color.RGBA{A: 0xff}

// curveMarks is the largest number of spots on a line that are marked one by one.
const curveMarks = 60

// spot is a point of a series: Y with its interval, and a label.
type spot struct {
	x, y, lo, hi float64
	label        string
}

// exact is a spot without an interval.
func exact(x, y float64) spot { return spot{x: x, y: y, lo: y, hi: y} }

// series is a line through spots, or spots alone.
type series struct {
	name  string
	spots []spot
	lined bool
	bad   bool // not valid: black crosses, or a dashed line
}

// key is a line of a legend. Legends are outside the plot, where they wrap as the page does and cover nothing.
type key struct {
	Name, Mark string
	Color      template.CSS
}

// drawing is a plot with its legend.
type drawing struct {
	SVG    template.HTML // made here, of numbers and of text that gonum escapes
	Legend []key
}

// Two figures fit side by side on a screen, and one fits on a phone with its text still readable.
const (
	width  = 12.5 * vg.Centimeter
	height = 8 * vg.Centimeter
	edge   = vg.Length(6) // text can be larger in a browser
)

func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	for _, t := range []*font.Font{&p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font, &p.X.Tick.Label.Font, &p.Y.Tick.Label.Font} {
		t.Variant = "Sans"
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font.Size, a.Tick.Label.Font.Size = vg.Points(11), vg.Points(10)
		a.Label.Padding = vg.Points(3)
		a.Tick.Marker = plot.TickerFunc(ticks)
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{0xdd}, color.Gray{0xee}
	p.Add(grid)
	return p
}

// ticks are gonum's with as few digits as they need.
func ticks(low, high float64) []plot.Tick {
	all := plot.DefaultTicks{}.Ticks(low, high)
	for i := range all {
		if all[i].Label != "" {
			all[i].Label = strconv.FormatFloat(all[i].Value, 'g', 6, 64)
		}
	}
	return all
}

// axes are the labels and limits of a plot of lines.
type axes struct {
	x, y string
	from float64 // of the X axis; zero unless what matters lies far from it
	top  float64 // of the Y axis; zero follows the values
}

// lines draws series. Axes begin at zero, so that differences do not look larger than they are.
func lines(a axes, all []series) (drawing, error) {
	p := newPlot(a.x, a.y)
	thin(all)
	var out drawing
	for i, s := range all {
		if len(s.spots) == 0 {
			continue
		}
		if err := s.draw(p, i); err != nil {
			return drawing{}, err
		}
		out.Legend = append(out.Legend, s.key(i))
	}
	if len(out.Legend) == 1 && !all[0].bad { // the title says it
		out.Legend = nil
	}
	p.X.Min, p.Y.Min = a.from, 0
	p.X.Max = a.from + (p.X.Max-a.from)*1.15 // room for labels
	p.Y.Max *= 1.1
	if a.top > 0 {
		p.Y.Max = a.top
	}
	var err error
	out.SVG, err = render(p, width, height)
	return out, err
}

// key of the series at a place.
func (s series) key(i int) key {
	c, mark := s.style(i)
	k := key{Name: s.name, Mark: mark, Color: template.CSS(fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B))}
	switch {
	case s.bad && s.lined:
		k.Mark = "╌"
	case s.bad:
		k.Mark = "✕"
	case s.lined && len(s.spots) > curveMarks:
		k.Mark = "━"
	}
	return k
}

func (s series) style(i int) (color.RGBA, string) {
	if s.bad {
		return black, "✕"
	}
	return palette[i%len(palette)], shapes[i%len(shapes)].mark
}

// thin leaves out labels that would overlap another one.
func thin(all []series) {
	var right, top float64
	for _, s := range all {
		for _, q := range s.spots {
			right, top = max(right, q.x), max(top, q.hi, q.y)
		}
	}
	var taken []spot
	for _, s := range all {
		for i := len(s.spots) - 1; i >= 0; i-- { // the heaviest load matters most
			q := &s.spots[i]
			for _, t := range taken {
				if math.Abs(q.x-t.x) < 0.07*right && math.Abs(q.y-t.y) < 0.08*top {
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
	c, _ := s.style(i)
	xy := make(plotter.XYs, len(s.spots))
	for k, q := range s.spots {
		xy[k] = plotter.XY{X: q.x, Y: q.y}
	}
	if s.lined {
		l, err := plotter.NewLine(xy)
		if err != nil {
			return err
		}
		l.Color, l.Width = c, vg.Points(1.5)
		if s.bad {
			l.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		}
		p.Add(l)
		if len(s.spots) > curveMarks || s.bad {
			return nil
		}
	}
	points, err := plotter.NewScatter(xy)
	if err != nil {
		return err
	}
	points.Color, points.Shape, points.Radius = c, shapes[i%len(shapes)].glyph, vg.Points(3)
	if s.bad {
		points.Shape, points.Radius = draw.CrossGlyph{}, vg.Points(4.5)
	}
	if err := intervals(p, s.spots, 0, c); err != nil {
		return err
	}
	p.Add(points)
	return s.words(p, xy)
}

// words writes the labels.
func (s series) words(p *plot.Plot, xy plotter.XYs) error {
	labels := plotter.XYLabels{XYs: xy, Labels: make([]string, len(xy))}
	for k, q := range s.spots {
		labels.Labels[k] = q.label
	}
	text, err := plotter.NewLabels(labels)
	if err != nil {
		return err
	}
	for k := range text.TextStyle {
		text.TextStyle[k].Font.Variant = "Sans"
		text.TextStyle[k].Font.Size, text.TextStyle[k].Color = vg.Points(9), color.Gray{0x44}
	}
	text.Offset = vg.Point{X: vg.Points(4), Y: vg.Points(4)}
	p.Add(text)
	return nil
}

var prolog = regexp.MustCompile(`(?s)^.*?<svg `)

// render gives an <svg> that scales with the page.
func render(p *plot.Plot, w, h vg.Length) (template.HTML, error) {
	canvas := vgsvg.New(w, h)
	p.Draw(draw.Crop(draw.New(canvas), edge, -2*edge, edge/2, -edge))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", fmt.Errorf("drawing: %w", err)
	}
	return template.HTML(prolog.ReplaceAllString(b.String(), `<svg role="img" `)), nil
}
