package reconciler

import (
	"maps"
	"slices"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// compileSearch adds its search to the benchmark that was compiled last. What a run measures depends on the bounds, which its
// requests are counted by; how many have to keep them, the range and the precision repeat nothing.
func compileSearch(b v1alpha1.Benchmark, point *plan.Point) {
	if b.Search == nil {
		return
	}
	p := &point.Benchmarks[len(point.Benchmarks)-1]
	by, loads := b.Search.By()
	s := plan.Search{By: by, From: loads.From, To: loads.To, Precision: float64(b.Search.Precision) / 100, Repeats: b.Search.Repeats, Nodes: 1}
	shares := b.Search.Shares()
	for _, part := range slices.Sorted(maps.Keys(shares)) {
		s.Shares = append(s.Shares, plan.Share{Part: part, Least: shares[part]})
	}
	if b.Search.Budget != nil {
		s.NodeHours = b.Search.Budget.NodeHours
	}
	for _, target := range point.Services {
		if target.Name == p.Target {
			s.Nodes = max(1, target.Slots*target.Job.Nodes)
		}
	}
	if p.OwnJob && !p.Job.Here {
		s.Nodes += p.Job.Nodes
	}
	p.Request.Objective = b.Search.SLO
	p.Spec = fingerprint(p.Spec, by, b.Search.SLO)
	p.Search = &s
}
