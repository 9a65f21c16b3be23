package chart

import (
	"math"
	"slices"
)

// longest is how long a name can be to stand at the end of its curve; where one is longer, all are replaced by letters with a key.
const longest = 18

// key is a line of the key below a plot.
type key struct {
	letter, name string
	i            int
	bad          bool
}

// named decides what stands at the end of each series, and which key is needed.
func named(all []Series) (ends []string, keys []key) {
	if len(all) == 1 && !all[0].Invalid { // the title says it
		return []string{""}, nil
	}
	long := slices.ContainsFunc(all, func(s Series) bool { return len([]rune(s.Name)) > longest })
	for i, s := range all {
		if !long {
			ends = append(ends, s.Name)
			continue
		}
		ends = append(ends, string(rune('A'+i)))
		keys = append(keys, key{ends[i], s.Name, i, s.Invalid})
	}
	return ends, keys
}

// room is what the longest of some labels needs to the right of a plot.
func room(ends []string) float64 {
	most := 0
	for _, e := range ends {
		most = max(most, len([]rune(e)))
	}
	if most == 0 {
		return 12
	}
	return 16 + letter*float64(most)
}

// end is a label at the end of a curve, so wide.
type end struct{ x, y, w, to float64 }

// apart moves labels up or down, each as little as it needs, until none covers another one, and keeps them between top and bottom.
func apart(all []end, top, bottom float64) {
	const line = 12.0
	for i := range all {
		e := &all[i]
		free := func(y float64) bool {
			return y >= top && y <= bottom && !slices.ContainsFunc(all[:i], func(o end) bool {
				return math.Abs(o.to-y) < line && e.x < o.x+o.w && o.x < e.x+e.w
			})
		}
		e.to = min(max(e.y, top), bottom)
		for by := 1.0; !free(e.to) && by < bottom-top; by++ {
			for _, y := range []float64{e.y - by, e.y + by} {
				if free(y) {
					e.to = y
					break
				}
			}
		}
	}
}

// box is where something is written, around its middle.
type box struct{ x, y, w, h float64 }

func (b box) covers(o box) bool {
	return math.Abs(b.x-o.x) < (b.w+o.w)/2 && math.Abs(b.y-o.y) < (b.h+o.h)/2
}

// spoken are the labels of points, each above or below its point, where it covers no mark, no other label and no name at an end. One
// for which there is no place is in the tip alone.
func (f *frame) spoken(all []Series, ends []end) {
	var taken []box
	for _, e := range ends {
		taken = append(taken, box{e.x + 4 + e.w/2, e.to, e.w, 11})
	}
	for _, s := range all {
		for _, q := range s.Points {
			taken = append(taken, box{f.x.at(q.X), f.y.at(q.Y), 7, 7})
		}
	}
	for _, s := range all {
		for k := len(s.Points) - 1; k >= 0; k-- { // the heaviest load matters most
			q := s.Points[k]
			if q.Label == "" || q.Invalid {
				continue
			}
			for _, by := range []float64{-10, 11} {
				b := box{f.x.at(q.X), f.y.at(q.Y) + by, letter*float64(len([]rune(q.Label))) + 2, 9}
				if b.y < f.y.hi-10 || b.y > f.y.lo-5 || b.x-b.w/2 < f.x.lo || b.x+b.w/2 > f.w || slices.ContainsFunc(taken, b.covers) {
					continue
				}
				taken = append(taken, b)
				f.words(q.Label, b.x, b.y+3, "middle", "class", "chart-label")
				break
			}
		}
	}
}

// keyed writes the key below a plot.
func (c *canvas) keyed(keys []key) {
	if len(keys) == 0 {
		return
	}
	c.open("ul", "class", "chart-key")
	for _, k := range keys {
		c.open("li")
		c.sample(k.i, k.bad)
		if k.letter != "" {
			c.text("b", k.letter)
			c.WriteString(" ")
		}
		c.text("span", k.name)
		c.shut("li")
	}
	c.shut("ul")
}

// sample is the mark of a series beside its name.
func (c *canvas) sample(i int, bad bool) {
	class, shape := "chart-point "+color(i), shapes[i%len(shapes)]
	if bad {
		class, shape = "chart-point chart-bad", cross
	}
	c.open("svg", "class", "chart-sample "+class, "viewBox", "-6 -6 12 12", "aria-hidden", "true")
	c.tag("path", "class", "chart-mark", "d", shape)
	c.shut("svg")
}
