package reconciler

import (
	"slices"

	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// Configuration is what a benchmark measures at a point: a fingerprint of all that the result of a repeat depends on.
type Configuration struct {
	Benchmark, Fingerprint string
	Point                  map[string]string
}

// Configurations say what a revision measures. Where two revisions have the same one they measure the same thing, so
// their runs count for both.
func Configurations(rev store.Revision, c Compiler) (out []Configuration, err error) {
	e, err := compile(rev, c)
	if err != nil {
		return nil, err
	}
	points := e.Points
	if len(points) == 0 {
		points = []plan.Point{{Services: e.Services, Benchmarks: e.Benchmarks}}
	}
	for _, p := range points {
		for _, b := range p.Benchmarks {
			if i := slices.IndexFunc(p.Services, func(s plan.Service) bool { return s.Name == b.Target }); i >= 0 {
				out = append(out, Configuration{b.Name, fingerprint(b.Spec, p.Services[i].Alloc, p.Services[i].Proc), p.Params})
			}
		}
	}
	return out, nil
}
