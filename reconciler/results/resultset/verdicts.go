package resultset

import (
	"fmt"

	"assay/reconciler/gate"
	"assay/reconciler/results"
)

// Verdicts evaluates every gate of an experiment's newest revision at every point. Promql gives the values of PromQL gates.
func (r Reader) Verdicts(experiment string, promql gate.Values) ([]gate.Verdict, error) {
	head, ok, err := r.Store.Head(experiment)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("no experiment %q; what there is: assay get experiments", experiment)
	}
	m, err := r.Measurements(experiment)
	if err != nil {
		return nil, fmt.Errorf("reading the results of %s: %w", experiment, err)
	}
	var out []gate.Verdict
	groups := results.Groups(m.Of(head))
	for _, b := range head.Spec.Spec.Benchmarks {
		for _, g := range b.Gates {
			found := false
			for _, group := range groups {
				if group.Benchmark == b.Name && (b.Search == nil || group.Answers()) {
					found = true
					out = append(out, gate.Evaluate(g, group, promql, r.baseline))
				}
			}
			if !found {
				out = append(out, gate.Verdict{Benchmark: b.Name, Gate: g.String(), Verdict: gate.Inconclusive, Reason: "no run of this revision has ended"})
			}
		}
	}
	return out, nil
}

// baseline finds the results of a reference that belong to the same benchmark and point.
func (r Reader) baseline(ref string, like results.Group) (results.Group, error) {
	rows, err := r.Results(ref)
	if err != nil {
		return results.Group{}, err
	}
	for _, g := range results.Groups(rows) {
		if g.Benchmark == like.Benchmark && g.PointName() == like.PointName() {
			return g, nil
		}
	}
	return results.Group{}, fmt.Errorf("baseline %s has no results of %s", ref, like.Name())
}
