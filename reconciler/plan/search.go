package plan

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"assay/api/v1alpha1"
)

// Search looks for the highest load of a benchmark that keeps an objective, compiled. What it does next is a function of the
// runs that have ended, and so it goes on where it was after any crash or pause:
//
//	none yet                     -> a run at From
//	all runs kept it, by look    -> twice the highest load, at most To
//	one missed it, by look       -> the middle between the lowest such load and the one below, until they are close enough
//	close enough                 -> repeats of these two, in turn, until it is certain that one keeps it and the other does not
//	one stays in doubt           -> it is too near to the edge to tell: a load a little further away, as far as the precision lets
//	no such load is left         -> repeats of those in doubt, up to Repeats of each
//	nothing is left              -> it ends undecided, between the loads of which it is certain
//
// A load whose look changes with a repeat moves the edge. Certain means what trial.go and neighbours.go say.
type Search struct {
	By        string // v1alpha1.SearchRate or SearchConcurrency
	From, To  float64
	Precision float64 // 0.05: the two loads that enclose the edge differ by at most so much
	Shares    []Share
	Repeats   int     // of one load, at most
	NodeHours float64 // of all its runs; 0: without bound
	Nodes     int     // that a run occupies
}

// Share is a part of an objective, and the share of requests that has to keep it.
type Share struct {
	Part  string
	Least float64
}

// patience is how often a load is repeated before one a little further away is tried.
const patience = 3

// settled is how many runs each of the two loads has between which a search says that the edge is.
const settled = 4

// load is one that was tried.
type load struct {
	at     float64
	trials []*Trial
	turns  []int // of its trials, in the order of all runs of the search
	judgement
}

func (l *load) open() bool { return !l.kept && !l.missed }

// next is the load of the next run, or why there is none. Loads are in order and judged.
func (s Search) next(loads []*load) (at float64, end Reason) {
	n := len(loads)
	if n == 0 {
		return s.From, ""
	}
	hi := slices.IndexFunc(loads, func(l *load) bool { return !l.likely })
	switch top := loads[n-1]; {
	case hi < 0 && top.at < s.To:
		return s.round(min(2*top.at, s.To)), ""
	case hi < 0 && top.kept:
		return 0, SearchAbove
	case hi < 0:
		return s.again(top)
	case hi == 0 && loads[0].missed:
		return 0, SearchBelow
	case hi == 0:
		return s.again(loads[0])
	}
	if lo := loads[hi-1]; !s.close(lo.at, loads[hi].at) {
		return s.middle(lo.at, loads[hi].at), ""
	}
	return s.edge(loads, hi)
}

// again repeats loads, the least repeated first, as often as a load can be.
func (s Search) again(loads ...*load) (float64, Reason) {
	l := slices.MinFunc(loads, func(a, b *load) int { return len(a.trials) - len(b.trials) })
	if len(l.trials) < s.Repeats {
		return l.at, ""
	}
	return 0, SearchUndecided
}

// edge decides on the loads around the edge: loads[hi] is the lowest that looks missed.
func (s Search) edge(loads []*load, hi int) (float64, Reason) {
	if young := s.inDoubt(loads[hi-1:hi+1], func(l *load) bool { return len(l.trials) < min(patience, s.Repeats) }); len(young) > 0 {
		return s.again(young...)
	}
	// The loads in doubt around the edge, and those of which it is certain on both sides.
	from, to := hi, hi-1
	for from > 0 && loads[from-1].open() && s.close(loads[from-1].at, loads[hi].at) {
		from--
	}
	for to < len(loads)-1 && loads[to+1].open() && s.close(loads[hi-1].at, loads[to+1].at) {
		to++
	}
	doubtful := loads[from : to+1]
	if young := s.inDoubt(doubtful, func(l *load) bool { return len(l.trials) < min(patience, s.Repeats) }); len(young) > 0 {
		return s.again(young...)
	}
	var below, above *load
	if from > 0 && loads[from-1].kept {
		below = loads[from-1]
	}
	if to < len(loads)-1 && loads[to+1].missed {
		above = loads[to+1]
	}
	if below != nil && above != nil && s.close(below.at, above.at) {
		return s.settle(below, above)
	}
	if len(doubtful) == 0 { // certain, but further apart than the precision: cannot be, since they are close
		return 0, SearchUndecided
	}
	if at, ok := s.aside(doubtful, below, above); ok && !slices.ContainsFunc(loads, func(l *load) bool { return s.same(l.at, at) }) {
		return at, ""
	}
	if left := s.inDoubt(doubtful, func(l *load) bool { return len(l.trials) < s.Repeats }); len(left) > 0 {
		return s.again(left...)
	}
	// What is said of the edge in the end is certain, too: that it lies between the loads around those in doubt.
	around := loads[max(0, from-1):min(len(loads), to+2)]
	if left := s.inDoubt(around, func(l *load) bool { return len(l.trials) < s.Repeats }); len(left) > 0 {
		return s.again(left...)
	}
	return 0, SearchUndecided
}

// settle ends a search between two loads of which it is certain, once both have been repeated in turn: what came out of a few
// runs in a row, the machine was slow for perhaps.
func (s Search) settle(below, above *load) (float64, Reason) {
	a, b := len(below.trials), len(above.trials)
	if least := min(s.Repeats, max(settled, max(a, b)/2)); min(a, b) < least {
		return s.again(below, above)
	}
	return 0, SearchFound
}

func (s Search) inDoubt(loads []*load, and func(*load) bool) (out []*load) {
	for _, l := range loads {
		if l.open() && and(l) {
			out = append(out, l)
		}
	}
	return out
}

// aside is a load beside those in doubt: as far away as the precision lets, if that is far enough to tell more.
func (s Search) aside(doubtful []*load, below, above *load) (at float64, ok bool) {
	lowest, highest, width := doubtful[0].at, doubtful[len(doubtful)-1].at, 1+s.Precision
	least := math.Sqrt(math.Sqrt(math.Sqrt(width)))
	switch step := math.Sqrt(width * lowest / highest); {
	case below != nil && below.at*width >= highest*least:
		at = s.down(below.at * width)
		ok = at > highest
	case above != nil && above.at <= lowest/least*width:
		at = s.up(above.at / width)
		ok = at < lowest
	case step >= least:
		at = s.up(lowest / step)
		ok = at < lowest
	}
	return at, ok && at >= s.From && at <= s.To
}

// same reports whether two loads are too near to each other to tell more than one of them.
func (s Search) same(a, b float64) bool {
	return max(a/b, b/a) < math.Sqrt(math.Sqrt(math.Sqrt(math.Sqrt(1+s.Precision))))
}

// close reports whether two loads enclose the edge closely enough.
func (s Search) close(lo, hi float64) bool {
	return hi <= lo*(1+s.Precision)*(1+1e-9) || s.By == v1alpha1.SearchConcurrency && hi-lo <= 1
}

// middle of two loads in proportion.
func (s Search) middle(lo, hi float64) float64 {
	at := s.round(math.Sqrt(lo * hi))
	if s.By == v1alpha1.SearchConcurrency {
		at = max(lo+1, min(hi-1, at))
	}
	return at
}

// A load is written with four digits, or whole.
func (s Search) round(v float64) float64 { return s.digits(v, math.Round) }
func (s Search) up(v float64) float64    { return s.digits(v, math.Ceil) }
func (s Search) down(v float64) float64  { return s.digits(v, math.Floor) }

func (s Search) digits(v float64, whole func(float64) float64) float64 {
	if s.By == v1alpha1.SearchConcurrency {
		return whole(v)
	}
	unit := math.Pow10(int(math.Floor(math.Log10(v))) - 3)
	out, _ := strconv.ParseFloat(strconv.FormatFloat(whole(v/unit)*unit, 'g', 4, 64), 64) // what was just written can be read
	return out
}

// sure are the loads of which it is certain: the highest that keeps the objective below the lowest that does not. Either can
// be missing.
func sure(loads []*load) (kept, missed *load) {
	for _, l := range loads {
		switch {
		case l.missed:
			return kept, l
		case l.kept:
			kept = l
		}
	}
	return kept, nil
}

// add puts a trial to its load.
func add(loads []*load, at float64, t *Trial) []*load {
	i, found := slices.BinarySearchFunc(loads, at, func(l *load, at float64) int { return cmp.Compare(l.at, at) })
	turn := 0
	for _, l := range loads {
		turn += len(l.trials)
	}
	if !found {
		loads = slices.Insert(loads, i, &load{at: at})
	}
	loads[i].trials, loads[i].turns = append(loads[i].trials, t), append(loads[i].turns, turn)
	return loads
}
