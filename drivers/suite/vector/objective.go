package vector

import (
	"context"
	"maps"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
)

// searched measures the load of a search, and nothing beside it.
func (r *runner) searched(ctx context.Context, id string) error {
	if !r.spec.Rate.Inf() {
		return r.atRate(ctx, id)
	}
	_, err := r.closed(ctx, id, "query_load", "query_load_", r.most(), r.truth)
	return err
}

// kept notes how many queries of the load kept each bound of a search, in the order in which they were sent. One that failed
// kept none. In an open loop a query counts from when it was due.
func (r *runner) kept(answers []asked, succeeded []bool) {
	if len(r.req.Objective) == 0 {
		return
	}
	order := make([]int, len(answers))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return int(answers[i].sent - answers[j].sent) })
	r.objective = &drivers.Objective{}
	all := make([]bool, len(answers))
	for i, at := range order {
		all[i] = succeeded[at]
	}
	for _, name := range slices.Sorted(maps.Keys(r.req.Objective)) {
		_, share, _ := v1alpha1.SLOBound(name)
		kept := make([]bool, len(answers))
		for i, at := range order {
			a := answers[at]
			kept[i] = succeeded[at] && a.sent-a.due+a.latency <= time.Duration(r.req.Objective[name])
			all[i] = all[i] && kept[i]
		}
		if share > 0 {
			r.objective.Parts = append(r.objective.Parts, suite.CountKept(name, kept))
		}
	}
	r.objective.Parts = append(r.objective.Parts, suite.CountKept(v1alpha1.GoodputPart, all))
}

// judge adds to the result of a search's run how it kept the objective.
func (r *runner) judge(res *drivers.SuiteResult) {
	if res.Objective = r.objective; res.Objective != nil {
		res.Objective.Missed = suite.MissedBy(res.Reasons, r.faults)
	}
}
