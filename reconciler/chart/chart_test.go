package chart

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const hostile = `<script>"x"</script>`

// everything are charts of all kinds, with text that would break a page and numbers that are none.
func everything() map[string]html {
	one := Series{Name: "tp=1 " + hostile, Points: []Point{{X: 1, Y: 10, Lo: 9, Hi: 11, Label: "1", Note: hostile}, At(math.NaN(), 3), At(2, math.Inf(1)), {X: 4, Y: 30, Invalid: true}, At(2, 14)}}
	bad := Series{Name: "slow", Points: []Point{At(1, 20), At(3, 40)}, Invalid: true}
	p := Plot{Name: "a " + hostile, X: Axis{Title: "tok/s"}, Y: Axis{Title: "ms " + hostile}, Series: []Series{one, bad, {Name: "empty"}}}
	named := p
	named.X.Names = []string{"revision 1", "revision 2 " + hostile, "revision 3"}
	named.Series = []Series{{Name: "b", Points: []Point{At(0, 1), Between(1, 2, 1, 3), At(2, 0)}}, {Name: "c", Invalid: true, Points: []Point{At(1, 2)}}}
	many := p
	many.Series = nil
	for i := range 30 {
		many.Series = append(many.Series, Series{Name: fmt.Sprintf("n=%d", i), Points: []Point{At(1, 1), At(2, float64(i))}})
	}
	at := time.Unix(1e9, 0)
	return map[string]html{
		"line": Line(p), "panels": Line(many), "scatter": Scatter(p), "scatter of many": Scatter(many), "bars": Bars(named),
		"cdf":  CDF("d", Axis{Title: "ms"}, Axis{Title: "share, %"}, []Sample{{Name: "a" + hostile, Values: []float64{3, 1, 2, math.NaN()}}, {Name: "b", Values: []float64{5}, Invalid: true}}),
		"dots": Dots(p), "spark": Sparkline("q "+hostile, []float64{1, math.NaN(), 3, 3}),
		"timeline": Timeline(Times{Name: "jobs", Now: at.Add(time.Hour), Lanes: []Lane{{Name: "llm " + hostile, Spans: []Span{
			{Name: "1", State: Ended, From: at, To: at.Add(40 * time.Minute)}, {Name: hostile, State: Running, From: at.Add(30 * time.Minute), Limit: at.Add(2 * time.Hour)}}}}}),
	}
}

// TestWellFormed: every chart is XML, without the text of others as markup, without a number that is none, and has a name that is
// read out; its points have tips.
func TestWellFormed(t *testing.T) {
	for name, c := range everything() {
		text := string(c)
		d := xml.NewDecoder(strings.NewReader("<a>" + text + "</a>"))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
		}
		if strings.Contains(text, "<script") || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || strings.Contains(text, "style=") {
			t.Errorf("%s: %s", name, text)
		}
		if !regexp.MustCompile(`<svg class="chart[^>]* aria-label="[^"]`).MatchString(text) {
			t.Errorf("%s has no name", name)
		}
		if name != "spark" && !strings.Contains(text, `class="chart-point`) {
			t.Errorf("%s has no tips", name)
		}
	}
	for name, c := range map[string]html{"line": Line(Plot{}), "cdf": CDF("", Axis{}, Axis{}, nil), "scatter": Scatter(Plot{}), "bars": Bars(Plot{}), "dots": Dots(Plot{}), "spark": Sparkline("", []float64{math.NaN()}), "timeline": Timeline(Times{})} {
		if c != "" {
			t.Errorf("%s of nothing: %s", name, c)
		}
	}
}

// TestSeriesAreApart: a line goes through the points of one series alone, in their order, and leaves out what does not count.
func TestSeriesAreApart(t *testing.T) {
	a := Series{Name: "a", Points: []Point{At(1, 1), At(3, 3), {X: 4, Y: 9, Invalid: true}, At(5, 5)}}
	b := Series{Name: "b", Points: []Point{At(2, 8), At(4, 6)}}
	text := string(Line(Plot{Name: "n", Series: []Series{a, b}}))
	lines := regexp.MustCompile(`data-series="(.)" d="([^"]+)"`).FindAllStringSubmatch(text, -1)
	if len(lines) != 2 || strings.Count(lines[0][2], "L") != 2 || strings.Count(lines[1][2], "L") != 1 {
		t.Fatalf("%q", lines)
	}
	for _, l := range lines {
		var xs []float64
		for _, m := range regexp.MustCompile(`[ML]([\d.]+) `).FindAllStringSubmatch(l[2], -1) {
			x, _ := strconv.ParseFloat(m[1], 64)
			xs = append(xs, x)
		}
		if !slices.IsSorted(xs) {
			t.Errorf("%s goes back: %v", l[1], xs)
		}
	}
	for _, name := range []string{"a", "b"} {
		if !regexp.MustCompile(`class="chart-end [^>]*>` + name + `<`).MatchString(text) {
			t.Errorf("%s has no name at its end", name)
		}
	}
}

// TestNoneIsLeftOut: however many series there are, each is drawn; more than can be told apart have panels of their own, and what is
// folded is named.
func TestNoneIsLeftOut(t *testing.T) {
	for _, n := range []int{1, 6, 7, 12, 30} {
		var samples []Sample
		for i := range n {
			samples = append(samples, Sample{Name: fmt.Sprintf("concurrency=%d", i), Values: []float64{1, 2, float64(i)}})
		}
		text := string(CDF("d", Axis{Title: "ms"}, Axis{Title: "%"}, samples))
		if got := strings.Count(text, `class="chart-line`); got != n {
			t.Errorf("%d of %d curves", got, n)
		}
		if panels := strings.Count(text, `<svg class="chart"`); n > mostTogether && panels != n || n <= mostTogether && panels != 1 {
			t.Errorf("%d series in %d plots", n, panels)
		}
		if folded := strings.Contains(text, "<details"); folded != (n > mostPanels) || folded && !strings.Contains(text, fmt.Sprintf("%d more: concurrency=24;", n-mostPanels)) {
			t.Errorf("%d series, folded %v", n, folded)
		}
	}
}

// TestFront: the front has the points that none beats, and no invalid one.
func TestFront(t *testing.T) {
	got := Plot{}.front([]Series{{Points: []Point{At(1, 9), At(2, 8), At(2, 7), At(5, 1)}}, {Points: []Point{At(3, 3), At(1, 1), {X: 9, Y: 9, Invalid: true}}}, {Invalid: true, Points: []Point{At(8, 8)}}})
	want := []Point{At(1, 9), At(2, 8), At(3, 3), At(5, 1)}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	less := Plot{Y: Axis{Less: true}}.front([]Series{{Points: []Point{At(1, 9), At(2, 8), At(2, 7), At(5, 10), At(1, 1)}}})
	if want := []Point{At(1, 1), At(2, 7), At(5, 10)}; !slices.Equal(less, want) {
		t.Errorf("less is better: %v", less)
	}
}

// TestLabelsAreApart: labels at the ends of curves keep a line's distance and stay inside.
func TestLabelsAreApart(t *testing.T) {
	r := []end{{y: 50, w: 20}, {y: 51, w: 20}, {y: 49, w: 20}, {y: 199, w: 20}, {y: 200, w: 20}, {y: 10, w: 20}}
	apart(r, 10, 200)
	slices.SortFunc(r, func(a, b end) int { return int(a.to*10 - b.to*10) })
	for i, e := range r {
		if e.to < 10 || e.to > 200 || i > 0 && e.to-r[i-1].to < 11.9 || math.Abs(e.to-e.y) > 24 {
			t.Errorf("%+v", r)
		}
	}
	if beside := []end{{x: 10, y: 50, w: 20}, {x: 100, y: 50, w: 20}}; true {
		if apart(beside, 10, 200); beside[1].to != 50 {
			t.Errorf("a label moved away from one that it does not cover: %+v", beside)
		}
	}
}

// TestPanels: series of a group share a panel, unless they are too many for one.
func TestPanels(t *testing.T) {
	var all []Series
	for i := range 14 {
		all = append(all, Series{Name: fmt.Sprint(i), Panel: fmt.Sprintf("itl=%d", i%3), Points: []Point{At(1, 1), At(2, 2)}})
	}
	if got := grouped(all); len(got) != 3 || got[0].name != "itl=0" || len(got[0].all) != 5 {
		t.Errorf("%+v", got)
	}
	bad := Series{Name: "bad", Panel: "itl=0", Points: []Point{At(1, 1)}, Invalid: true}
	if got := grouped(append(all, bad, bad)); len(got) != 3 {
		t.Errorf("with two that do not count: %d panels", len(got))
	}
	if got := grouped(append(all, all...)); len(got) != 28 || got[1].name != "itl=1, 1" {
		t.Errorf("%+v", got)
	}
}

// TestHandOver: spans of a lane that overlap lie in different rows, those that follow one another in one.
func TestHandOver(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(int64(n), 0) }
	rows, n := stacked([]Span{{From: at(0), To: at(95)}, {From: at(60), To: at(80)}, {From: at(80)}, {From: at(200), To: at(201)}, {From: at(95), To: at(96)}}, at(300))
	if want := []int{0, 1, 1, 0, 2}; !slices.Equal(rows, want) || n != 3 {
		t.Errorf("rows %v of %d, want %v", rows, n, want)
	}
}

// TestLabelsCoverNothing: of points close together some have no label, and no label lies on a mark or on another label.
func TestLabelsCoverNothing(t *testing.T) {
	p := Plot{Name: "n"}
	for i := range 4 {
		s := Series{Name: fmt.Sprint(i)}
		for k := range 5 {
			s.Points = append(s.Points, Point{X: float64(10 + k*8 + i), Y: float64(100 + k*60 - i*9), Label: fmt.Sprint(1 << k)})
		}
		p.Series = append(p.Series, s)
	}
	text := string(Line(p))
	var labels, marks []box
	for _, m := range regexp.MustCompile(`<text x="([\d.]+)" y="([\d.]+)" text-anchor="middle" class="chart-label">(\d+)<`).FindAllStringSubmatch(text, -1) {
		x, _ := strconv.ParseFloat(m[1], 64)
		y, _ := strconv.ParseFloat(m[2], 64)
		labels = append(labels, box{x, y - 3, letter * float64(len(m[3])), 8})
	}
	for _, m := range regexp.MustCompile(`translate\(([\d.]+) ([\d.]+)\)`).FindAllStringSubmatch(text, -1) {
		x, _ := strconv.ParseFloat(m[1], 64)
		y, _ := strconv.ParseFloat(m[2], 64)
		marks = append(marks, box{x, y, 6, 6})
	}
	if len(labels) < 8 || len(marks) != 20 {
		t.Fatalf("%d labels, %d marks", len(labels), len(marks))
	}
	for i, l := range labels {
		if slices.ContainsFunc(marks, l.covers) || slices.ContainsFunc(labels[:i], l.covers) {
			t.Errorf("label %d covers something: %+v", i, l)
		}
	}
}

// TestNumbers are short and right.
func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.25: "0.25", 1: "1", 1.5: "1.5", 99.95: "99.95", 123.456: "123.5", 4321: "4321", 12345: "12.35k", 2.5e6: "2.5M", 3e9: "3G", 0.00123: "0.00123", -4: "-4"} {
		if got := Number(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}

// TestContrast: in light, dark and on paper every colour of text is told from its ground as WCAG AA asks (4.5), and so is every curve.
func TestContrast(t *testing.T) {
	themes := regexp.MustCompile(`--paper:[^}]*`).FindAllString(CSS, -1)
	if len(themes) != 4 {
		t.Fatalf("%d themes", len(themes))
	}
	for _, theme := range themes {
		colors := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([\w-]+): #([0-9a-f]+)`).FindAllStringSubmatch(theme, -1) {
			colors[m[1]] = luminance(t, m[2])
		}
		for _, text := range []string{"ink", "soft", "link", "go", "nogo", "open", "chart-1", "chart-2", "chart-3", "chart-4", "chart-5", "chart-6"} {
			grounds := []string{"paper", "band"}
			if text == "ink" || text == "link" {
				grounds = append(grounds, "note", "alarm")
			}
			for _, ground := range grounds {
				a, b := colors[text], colors[ground]
				if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 || a == 0 && b == 0 {
					t.Errorf("%s on %s: %.2f", text, ground, ratio)
				}
			}
		}
	}
}

// luminance is WCAG's relative luminance of a colour.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	v, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(v>>(16-8*i)&0xff) / 255
		if c <= 0.03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += share * c
	}
	return sum
}
