package plan

import (
	"math"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// borrow narrows the interval of a part's share at a load by the runs of the loads around it: near the edge the logarithm of the
// odds falls along a line with that of the load. So a search that has tried several loads there need not repeat each of them
// until it is certain by itself, which those in the middle never are. How far the runs are from the line, between runs of one
// load and between loads, says how sure it is. Where the line and the load's own runs contradict each other, the load stands
// for itself.
func (s Search) borrow(loads []*load, l *load, own *PartShare) {
	var line fit
	tried := 0
	for _, o := range loads {
		if math.Abs(math.Log(o.at/l.at)) > 2*math.Log(1+s.Precision)+1e-9 {
			continue
		}
		tried++
		for _, t := range o.trials {
			line.add(math.Log(o.at/l.at), t, own.Part)
		}
	}
	if tried < leastLoads || len(line) < leastTrials {
		return
	}
	odds, half, falls := line.at0(v1alpha1.SearchDoubt / looks)
	lo, hi := max(own.Lo, shareOf(odds-half)), min(own.Hi, shareOf(odds+half))
	if falls && lo <= own.Share && own.Share <= hi {
		own.Lo, own.Hi = lo, hi
	}
}

// A line needs so many loads, and so many runs at them, before it is believed.
const (
	leastLoads  = 3
	leastTrials = 6
)

// looks divides the doubt that the line leaves: a load is judged by its own runs as well, and both again after each run.
const looks = 3

// fit is a line through runs.
type fit []struct{ x, y, n float64 } // the logarithms of the load, from where the line is asked, and of the odds; independent requests

func (f *fit) add(x float64, t *Trial, part string) {
	i := slices.IndexFunc(t.Parts, func(k drivers.Kept) bool { return k.Part == part })
	if i < 0 || t.Parts[i].Of == 0 {
		return
	}
	k := t.Parts[i]
	if t.Missed != "" {
		k.Good, k.Effective = 0, k.Of
	}
	n := float64(k.Effective)
	share := (n*float64(k.Good)/float64(k.Of) + 0.5) / (n + 1) // all or none has odds, too
	*f = append(*f, struct{ x, y, n float64 }{x, math.Log(share / (1 - share)), n + 1})
}

// at0 is the height of the line at 0, half the interval in which it is, each end wrong with a probability of doubt, and whether
// the line falls.
func (f fit) at0(doubt float64) (height, half float64, falls bool) {
	share := func(i int) float64 { return shareOf(f[i].y) }
	var slope, variance, off float64
	for range 3 { // a run counts by what the line expects of it: by its own share those that came out low would count more
		var w, wx, wy, wxx, wxy float64
		for i, p := range f {
			v := p.n * share(i) * (1 - share(i))
			w, wx, wy, wxx, wxy = w+v, wx+v*p.x, wy+v*p.y, wxx+v*p.x*p.x, wxy+v*p.x*p.y
		}
		det := w*wxx - wx*wx
		if det <= 1e-12*w*wxx {
			return 0, 0, false
		}
		height, slope, variance = (wxx*wy-wx*wxy)/det, (w*wxy-wx*wy)/det, wxx/det
		off = 0
		for i, p := range f {
			r := p.y - height - slope*p.x
			off += p.n * share(i) * (1 - share(i)) * r * r
		}
		share = func(i int) float64 { return shareOf(height + slope*f[i].x) }
	}
	free := float64(len(f) - 2)
	z := math.Sqrt2 * math.Erfinv(1-2*doubt)
	student := z + (z*z*z+z)/(4*free) + (5*math.Pow(z, 5)+16*z*z*z+3*z)/(96*free*free)
	return height, student * math.Sqrt(max(1, off/free)*variance), slope < 0
}

func shareOf(odds float64) float64 { return 1 / (1 + math.Exp(-odds)) }
