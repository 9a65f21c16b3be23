package decide

// Design is how often something is measured.
type Design struct {
	Runs        int  // of each deployment
	Deployments int  // 0 and 1: one
	Early       bool // it may end as soon as it is decided
}

// Total is how many runs there are at most.
func (d Design) Total() int { return max(d.Runs, 1) * max(d.Deployments, 1) }

// firstLook is how many observations there are at the first look: of fewer nothing could be decided.
const firstLook = 3

// Look says whether n runs, all that have ended, may be looked at, and the chance of a wrong decision that this look has. A
// design that does not end early has one look, at any number of runs. With deployments a look is due whenever one is finished.
func (d Design) Look(n int) (alpha float64, due bool) {
	if !d.Early {
		return Alpha, true
	}
	all, now, whole := d.Total(), n, true
	if d.Deployments > 1 {
		all, now, whole = d.Deployments, n/max(d.Runs, 1), n%max(d.Runs, 1) == 0
	}
	earlier := all - firstLook
	switch {
	case now >= all && earlier <= 0:
		return Alpha, true
	case now >= all:
		return Alpha / 2, true
	case now < firstLook || !whole:
		return 0, false
	}
	return Alpha / 2 / float64(earlier), true
}
