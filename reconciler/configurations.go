package reconciler

import (
	"slices"

	"assay/reconciler/plan"
	"assay/reconciler/results"
	"assay/reconciler/store"
)

// Configurations say what a revision measures: for each benchmark at each point a fingerprint of all that a repeat's
// result depends on. Revisions with the same one measure the same thing, so their runs count for both.
func Configurations(rev store.Revision, c Compiler) (map[string]string, error) {
	e, err := compile(rev, c)
	if err != nil {
		return nil, err
	}
	points := e.Points
	if len(points) == 0 {
		points = []plan.Point{{Services: e.Services, Benchmarks: e.Benchmarks}}
	}
	out := map[string]string{}
	for _, p := range points {
		for _, b := range p.Benchmarks {
			if i := slices.IndexFunc(p.Services, func(s plan.Service) bool { return s.Name == b.Target }); i >= 0 {
				out[results.Key(b.Name, p.Params)] = fingerprint(b.Spec, p.Services[i].Alloc, p.Services[i].Proc)
			}
		}
	}
	return out, nil
}
