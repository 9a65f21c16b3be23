package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Runs go one by one, so that none disturbs another, unless the manifest asks for some together: then what they do to
// each other is what is measured, their points say so (overlap=…), and neither ever counts for the other alone.

// beside are the benchmarks of a point that are measured together with b, in the order of the manifest.
func (p Point) overlapping(b Benchmark) (out []Benchmark) {
	for _, o := range p.Benchmarks {
		if b.Together != "" && o.Together == b.Together && o.Name != b.Name {
			out = append(out, o)
		}
	}
	return out
}

// overlapWords tell runs apart by what is measured together with them: another partner makes another measurement.
func (p Point) overlapWords(b Benchmark) (words []string) {
	for _, o := range p.overlapping(b) {
		words = append(words, o.Name, o.Spec)
		if i := slices.IndexFunc(p.Services, func(s Service) bool { return s.Name == o.Target }); i >= 0 {
			words = append(words, p.Services[i].Alloc, p.Services[i].Proc)
		}
	}
	return words
}

// params of a benchmark's runs at a point: those of the sweep, and what is beside it.
func (p Point) params(b Benchmark) map[string]string {
	partners := p.overlapping(b)
	if len(partners) == 0 {
		return p.Params
	}
	out, names := map[string]string{}, []string(nil)
	for k, v := range p.Params {
		out[k] = v
	}
	for _, o := range partners {
		names = append(names, o.Name)
	}
	out["overlap"] = strings.Join(names, "+")
	return out
}

// set is a wanted run with those that start with it: the same repeat, at the same point, of the benchmarks beside it.
func (x *experiment) set(want wantedRun) (out []wantedRun) {
	for _, o := range x.wants {
		if o.key == want.key || want.Together != "" && o.Together == want.Together && o.point == want.point && o.repeat == want.repeat {
			out = append(out, o)
		}
	}
	return out
}

// alone says why a run of a set can no longer be done: another one has ended without it.
func (x *experiment) alone(set []wantedRun) cause {
	for _, m := range set {
		if x.ended(m.key) {
			return cause{NotTogether, fmt.Sprintf("%s has ended without it, and what they do to each other can only be measured together: change the seed to do both again", m.Name)}
		}
	}
	return cause{}
}

// using is the active run of another experiment on a target that both have in common: somebody else's server or a directory.
func (w *world) using(x *experiment, target *service) *Run {
	for _, other := range w.exps {
		if other == x {
			continue
		}
		runs := slices.Clone(other.runs)
		for _, key := range slices.Sorted(maps.Keys(w.begun)) {
			runs = append(runs, w.begun[key])
		}
		for _, r := range runs {
			if r.Experiment != other.Name || !active(r) {
				continue
			}
			i := slices.IndexFunc(other.services, func(s *service) bool { return s.Name == r.Target })
			if i >= 0 && sameTarget(other.services[i].Service, target.Service) {
				return r
			}
		}
	}
	return nil
}

func sameTarget(a, b Service) bool {
	if a.Lustre != nil && b.Lustre != nil {
		return a.Lustre.Path == b.Lustre.Path
	}
	return a.URL != "" && a.URL == b.URL
}
