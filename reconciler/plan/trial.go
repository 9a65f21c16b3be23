package plan

import (
	"math"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Trial is what a search needs of one of its runs.
type Trial struct {
	drivers.Objective
	Millis int64 `json:"ms"` // that it took
}

func trialOf(res *drivers.SuiteResult) *Trial {
	if res == nil || res.Error != "" || res.Objective == nil {
		return nil
	}
	return &Trial{*res.Objective, res.Ended.Sub(res.Started).Milliseconds()}
}

// into gives the result of a run that rules know what the trial says.
func (t *Trial) into(r *Run) {
	if t == nil {
		return
	}
	if r.Result == nil {
		r.Result = &drivers.SuiteResult{}
	}
	o := t.Objective
	r.Result.Objective = &o
	r.Result.Ended = r.Result.Started.Add(millisOf(t.Millis))
}

// The load of a search is judged by proportions: the share of requests that kept a part of the objective, over all runs at
// that load, against the share that is asked for.
//
// How sure that is depends on how many independent requests the runs are worth. Requests that follow one another wait in one
// queue, so a suite says how many its own are worth. Where runs differ more than that explains, what differs from run to run
// counts (scatter.go). Where too few requests missed to see how they depend on each other, they are taken to do so as much as
// at the nearest load that shows it: none missed of 700 is little when they come by the hundred.

// judgement of a load.
type judgement struct {
	likely       bool // the share that was measured is the one that is asked for, or above, in every part
	kept, missed bool // that is certain
	parts        []PartShare
}

// PartShare is the share of requests at a load that kept a part of the objective.
type PartShare struct {
	Part          string
	Share, Lo, Hi float64
	Least         float64 // what is asked for
	Requests      int
	worth         float64 // independent requests
}

// fewMissed is how many requests have to miss, and to keep, a part before their dependence is seen.
const fewMissed = 10

// pool adds the trials of a load up.
func (s Search) pool(trials []*Trial) (out []PartShare) {
	for _, want := range s.Shares {
		p := PartShare{Part: want.Part, Least: want.Least}
		good, worth := 0, 0
		for _, t := range trials {
			k, ok := t.kept(want.Part)
			if !ok {
				continue
			}
			good, worth, p.Requests = good+k.Good, worth+k.Effective, p.Requests+k.Of
		}
		if p.Requests > 0 {
			p.Share, p.worth = float64(good)/float64(p.Requests), max(1, float64(worth))
		}
		out = append(out, p)
	}
	return out
}

// dependence reports whether a part's requests show how they depend on each other, and how many of them are worth one.
func (p PartShare) dependence() (perOne float64, seen bool) {
	n := float64(p.Requests)
	if p.Share*n < fewMissed || (1-p.Share)*n < fewMissed {
		return 1, false
	}
	return n / p.worth, true
}

// bound encloses the share: Wilson's interval, each end of which is z deviations away.
func (p *PartShare) bound(z float64) {
	n := p.worth
	if n == 0 {
		p.Lo, p.Hi = 0, 1
		return
	}
	center, half := p.Share+z*z/(2*n), z*math.Sqrt(p.Share*(1-p.Share)/n+z*z/(4*n*n))
	p.Lo, p.Hi = max(0, (center-half)/(1+z*z/n)), min(1, (center+half)/(1+z*z/n))
}

// judge judges every load. Loads are in order.
func (s Search) judge(loads []*load) {
	pooled := make([][]PartShare, len(loads))
	for i, l := range loads {
		pooled[i] = s.pool(l.trials)
	}
	var scatters []scatter
	var quantiles []float64
	for _, want := range s.Shares {
		sc := scatterOf(loads, want.Part)
		scatters, quantiles = append(scatters, sc), append(quantiles, sc.quantile(v1alpha1.SearchDoubt))
	}
	for i, l := range loads {
		l.judgement = judgement{likely: len(l.trials) > 0, kept: len(l.trials) >= s.fewest(), parts: slices.Clone(pooled[i])}
		for k := range l.parts {
			p := &l.parts[k]
			if _, seen := p.dependence(); !seen && p.Requests > 0 {
				p.worth = max(1, min(p.worth, float64(p.Requests)/nearest(loads, pooled, i, k)))
			}
			if p.Requests > 0 {
				p.worth = max(1, scatters[k].worth(p.worth, l.turns))
			}
			p.bound(quantiles[k])
			s.borrow(loads, l, p, scatters[k])
			l.likely = l.likely && p.Share >= p.Least
			l.kept = l.kept && p.Lo >= p.Least
			l.missed = l.missed || p.Hi < p.Least && len(l.trials) >= s.fewest()
		}
	}
}

// nearest is the dependence of a part at the load next to i, in proportion, that shows it; 1 when none does.
func nearest(loads []*load, pooled [][]PartShare, i, part int) float64 {
	perOne, distance := 1.0, math.Inf(1)
	for j := range loads {
		v, seen := pooled[j][part].dependence()
		if d := max(loads[j].at/loads[i].at, loads[i].at/loads[j].at); seen && d < distance {
			perOne, distance = v, d
		}
	}
	return perOne
}

// fewest is how many runs a load needs before anything is certain: how much runs differ is not seen in one.
func (s Search) fewest() int { return min(2, max(1, s.Repeats)) }

func millisOf(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// missed reports whether a run did not keep its objective for a reason that makes its result invalid as well: what that says of
// the load is what the search asked for, and so it is not done again.
func (t *Trial) missed() bool { return t != nil && t.Missed != "" }

func missed(res *drivers.SuiteResult) bool { return res.Objective != nil && res.Objective.Missed != "" }
