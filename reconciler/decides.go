package reconciler

import (
	"assay/api/v1alpha1"
	"assay/reconciler/decide"
	"assay/reconciler/plan"
	"assay/reconciler/results"
)

// designOf is how a benchmark spreads its repeats; zero where it does not.
func designOf(b v1alpha1.Benchmark) decide.Design {
	r := or(b.Repeats, v1alpha1.Repeats{})
	if r.Deployments < 2 && r.Stop == "" {
		return decide.Design{}
	}
	return decide.Design{Runs: r.PerDeployment(), Deployments: max(r.Deployments, 1), Early: r.Stop == v1alpha1.StopDecided}
}

// decides are the bounds by which a benchmark may end early, in the units of what they bound.
func decides(b v1alpha1.Benchmark) (out []plan.Bound) {
	if !designOf(b).Early {
		return nil
	}
	if b.Compare != nil && b.Compare.Metric != "" {
		return []plan.Bound{{Metric: results.Named(b.Compare.Metric).Name}}
	}
	for _, g := range b.Gates {
		m := results.Named(g.Metric)
		for _, side := range []struct {
			bound *v1alpha1.Bound
			sign  float64
		}{{g.Max, 1}, {g.Min, -1}} {
			if side.bound == nil {
				continue
			}
			limit, err := results.InUnit(*side.bound, m.Unit)
			if err != nil {
				return nil // the gate says so; all repeats are done
			}
			out = append(out, plan.Bound{Metric: m.Name, Limit: limit, Sign: side.sign})
		}
	}
	return out
}
