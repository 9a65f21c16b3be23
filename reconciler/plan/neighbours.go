package plan

import (
	"math"

	"assay/api/v1alpha1"
)

// borrow narrows the interval of a part's share at a load by the runs of the loads around it: near the edge the logarithm of the
// odds falls along a line with that of the load. So a search that has tried several loads there need not repeat each of them
// until it is certain by itself, which those in the middle never are. How far the runs are from the line, between runs of one
// load and between loads, says how sure it is. Where the line and the load's own runs contradict each other, the load stands
// for itself.
func (s Search) borrow(loads []*load, l *load, own *PartShare, sc scatter) {
	var line fit
	tried := 0
	for _, o := range loads {
		if math.Abs(math.Log(o.at/l.at)) > 2*math.Log(1+s.Precision)+1e-9 {
			continue
		}
		tried++
		for i, t := range o.trials {
			line.add(math.Log(o.at/l.at), t, own.Part, sc, o.turns[i])
		}
	}
	if tried < leastLoads || len(line) < leastTrials {
		return
	}
	odds, half, falls := line.at0(v1alpha1.SearchDoubt/looks, sc.rho)
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
type fit []struct {
	x, y, share, n float64 // the logarithms of the load, from where the line is asked, and of the odds; independent requests
	turn           int
}

func (f *fit) add(x float64, t *Trial, part string, sc scatter, turn int) {
	k, ok := t.kept(part)
	if !ok {
		return
	}
	n := float64(k.Effective)
	share := (n*float64(k.Good)/float64(k.Of) + 0.5) / (n + 1) // all or none has odds, too
	*f = append(*f, fit{{x, math.Log(share / (1 - share)), share, sc.worth(n+1, []int{turn}), turn}}...)
}

// at0 is the height of the line at 0, half the interval in which it is, each end wrong with a probability of doubt, and whether
// the line falls. Runs that follow one another are alike by rho.
func (f fit) at0(doubt, rho float64) (height, half float64, falls bool) {
	var slope, off, w, wx, wxx, det float64
	deviations := make([]float64, len(f)) // the roots of the weights of the runs
	for round := range 8 {
		var wy, wxy float64
		w, wx, wxx, off = 0, 0, 0, 0
		for i, p := range f {
			// A run counts by what the line expects of it, and so does what it is off by: by its own share those that came out low
			// would count more, and the line would be that of a typical run rather than that of all requests.
			share, y := p.share, p.y
			if round > 0 {
				share = min(mostSaid, max(1-mostSaid, shareOf(height+slope*p.x)))
				y = height + slope*p.x + (p.share-share)/(share*(1-share))
			}
			v := p.n * share * (1 - share)
			off += p.n * (p.share - share) * (p.share - share) / (share * (1 - share))
			deviations[i] = math.Sqrt(v)
			w, wx, wy, wxx, wxy = w+v, wx+v*p.x, wy+v*y, wxx+v*p.x*p.x, wxy+v*p.x*y
		}
		det = w*wxx - wx*wx
		if det <= 1e-12*w*wxx {
			return 0, 0, false
		}
		height, slope = (wxx*wy-wx*wxy)/det, (w*wxy-wx*wy)/det
	}
	var variance float64
	for i, a := range f {
		for j, b := range f {
			if alike := near(rho, a.turn, b.turn); alike > 0 {
				variance += deviations[i] * deviations[j] * (wxx - wx*a.x) * (wxx - wx*b.x) / (det * det) * alike
			}
		}
	}
	free := float64(len(f) - 2)
	return height, scatter{free: free, rho: rho}.quantile(doubt) * math.Sqrt(max(1, off/free)*max(0, variance)), slope < 0
}

// mostSaid is the largest share that a line says of a load while it is fitted.
const mostSaid = 1 - 1e-6

func shareOf(odds float64) float64 { return 1 / (1 + math.Exp(-odds)) }
