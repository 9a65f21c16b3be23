package results

import (
	"math"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// SearchCapacity is the answer of a search: the highest load that certainly keeps its objective. SearchMissed is the lowest
// load above it that certainly does not; what the server can take lies between the two.
const (
	SearchCapacity = "search_capacity"
	SearchMissed   = "search_missed"
)

// searched are the metrics of a search's answer, which no run measures alone.
func searched() []Metric {
	return each(ofServing, Searched, []Metric{
		{Name: SearchCapacity, Better: Higher, Title: "Capacity", Prominence: Headline, Meaning: "The highest load (requests/s, or requests in flight) that keeps the objective of the search, for certain."},
		{Name: SearchMissed, Better: Higher, Title: "Lowest load above capacity", Prominence: Column, Meaning: "The lowest load above the capacity that does not keep the objective of the search, for certain."},
		{Name: "search_runs", Better: Lower, Title: "Runs of the search", Prominence: Column, Meaning: "How many runs the search has made."},
		{Name: "search_node_hours", Better: Lower, Title: "Node-hours of the search", Prominence: Column, Meaning: "The time of all runs of the search, times the nodes that they occupied."},
	})
}

// SearchRow is the answer of a search that has ended, as a row beside those of its runs. Without an answer it is a row that is
// not valid, with the reason; a search that goes on makes none. The answer belongs to the point of the sweep.
func SearchRow(s v1alpha1.SearchStatus, runs []Row) (row Row, ok bool) {
	if plan.Reason(s.Reason) == plan.InProgress {
		return row, false
	}
	for _, r := range runs {
		if r.Search != nil || !s.Has(r.Benchmark, r.Point) {
			continue
		}
		if !ok {
			row = r
		}
		if row.Started.After(r.Started) {
			row.Started = r.Started
		}
		if r.Ended.After(row.Ended) {
			row.Ended = r.Ended
		}
		row.Simulated, ok = row.Simulated || r.Simulated, true
	}
	if !ok {
		return row, false
	}
	row.Point, row.Repeat, row.Run, row.Phase, row.Files, row.Dir, row.Search = s.Point, 1, s.Benchmark+"-search", v1alpha1.RunComplete, nil, "", &s
	row.Valid, row.Reasons = plan.Reason(s.Reason) == plan.SearchFound, []drivers.Reason{{Reason: s.Reason, Message: s.Message}}
	row.Metrics = map[string]float64{"search_runs": float64(s.Runs), "search_node_hours": s.NodeHours}
	if s.Kept > 0 {
		row.Metrics[SearchCapacity] = s.Kept
	}
	if s.Missed > 0 {
		row.Metrics[SearchMissed] = s.Missed
	}
	return row, true
}

// Bracket is the interval that a search says a server's capacity lies in; false for other metrics, and when there is not
// exactly one search with an answer.
func (g Group) Bracket(metric string) (Summary, bool) {
	if metric != SearchCapacity || len(g.Rows) != 1 || g.Rows[0].Search == nil {
		return Summary{}, false
	}
	s := g.Rows[0].Search
	return Summary{N: s.Runs, Mean: s.Kept, Lo: s.Kept, Hi: s.Missed}, true
}

// BracketChange is how much a capacity changed, as a share of before: at least and at most what the two intervals allow.
func BracketChange(before, now Summary) Summary {
	return Summary{N: min(before.N, now.N), Mean: now.Mean/before.Mean - 1, Lo: now.Lo/before.Hi - 1, Hi: now.Hi/before.Lo - 1}
}

// BracketsDiffer reports whether two capacities differ: the searches' intervals have nothing in common.
func BracketsDiffer(a, b Summary) bool { return math.Max(a.Lo, b.Lo) > math.Min(a.Hi, b.Hi) }

// Answers reports whether the group is the answer of a search, and not one of its loads.
func (g Group) Answers() bool {
	for _, r := range slices.Concat(g.Rows, g.Invalid) {
		if r.Search != nil {
			return true
		}
	}
	return false
}
