package resultset

import (
	"fmt"

	"assay/api/v1alpha1"
	"assay/reconciler/compare"
	"assay/reconciler/results"
)

// Turns are the comparisons that an experiment's newest revision declares, and its results. Without any it is an error.
func (r Reader) Turns(experiment string) ([]compare.Turns, []results.Group, error) {
	head, ok, err := r.newest(experiment)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, nil, fmt.Errorf("no experiment %q; what there is: assay get experiments", experiment)
	}
	var out []compare.Turns
	for _, b := range head.Spec.Spec.Benchmarks {
		if b.Compare != nil {
			out = append(out, compare.Turns{Benchmark: b.Name, A: b.Compare.A, B: b.Compare.B})
		}
	}
	if len(out) == 0 {
		return nil, nil, fmt.Errorf("no benchmark of %s compares two targets (compare: {a: …, b: …}); to compare it with another result: assay compare A %s", experiment, experiment)
	}
	m, err := r.Measurements(experiment)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the results of %s: %w", experiment, err)
	}
	return out, results.Groups(m.Of(head)), nil
}

// Missing is the first baseline of a gate that cannot be read, as an error that names the benchmark; nil when all can.
func (r Reader) Missing(benchmarks []v1alpha1.Benchmark) error {
	for _, b := range benchmarks {
		for _, g := range b.Gates {
			if g.Baseline == "" {
				continue
			}
			if _, err := r.Results(g.Baseline); err != nil {
				return fmt.Errorf("the baseline of benchmark %s, gate %s: %w", b.Name, g, err)
			}
		}
	}
	return nil
}
