package plan

import (
	"fmt"
	"strings"
)

// Runs go one at a time, so that they do not disturb each other, unless the manifest asks for some at the same time. Then
// the interference is what is measured: their points say so (overlap=…), and their results do not count as measured alone.

// indexedPoint is a point whose services and sets of benchmarks are found by name.
type indexedPoint struct {
	Point
	service  map[string]*Service
	together map[string][]*Benchmark
}

func (p Point) index() indexedPoint {
	out := indexedPoint{p, make(map[string]*Service, len(p.Services)), map[string][]*Benchmark{}}
	for i := range p.Services {
		if s := &p.Services[i]; out.service[s.Name] == nil {
			out.service[s.Name] = s
		}
	}
	for i := range p.Benchmarks {
		if b := &p.Benchmarks[i]; b.Together != "" {
			out.together[b.Together] = append(out.together[b.Together], b)
		}
	}
	return out
}

// overlapping are the benchmarks of a point that are measured together with b, in the order of the manifest.
func (p indexedPoint) overlapping(b *Benchmark) (out []*Benchmark) {
	for _, o := range p.together[b.Together] {
		if o.Name != b.Name {
			out = append(out, o)
		}
	}
	return out
}

// overlapWords are the part of a run's key that says what is measured together with it.
func (p indexedPoint) overlapWords(b *Benchmark) (words []string) {
	for _, o := range p.overlapping(b) {
		words = append(words, o.Name, o.Spec)
		if s := p.service[o.Target]; s != nil {
			words = append(words, s.Alloc, s.Proc)
		}
	}
	return words
}

// TargetParam is the parameter that says which of two targets a run of a comparison measures.
const TargetParam = "target"

// params of a benchmark's runs at a point: those of the sweep, what is measured at the same time, and which of two targets.
func (p indexedPoint) params(b *Benchmark) map[string]string {
	partners := p.overlapping(b)
	if len(partners) == 0 && b.Other == "" {
		return p.Params
	}
	out, names := map[string]string{}, []string(nil)
	for k, v := range p.Params {
		out[k] = v
	}
	for _, o := range partners {
		names = append(names, o.Name)
	}
	if b.Other != "" {
		out[TargetParam] = b.Target
	}
	if len(names) > 0 {
		out["overlap"] = strings.Join(names, "+")
	}
	return out
}

// setKey is shared by the wanted runs that start together: the same repeat, at the same point, of benchmarks with the same word.
type setKey struct {
	together      string
	point, repeat int
}

func (want *wantedRun) set() setKey { return setKey{want.Together, want.point, want.repeat} }

// set is a wanted run with those that start with it.
func (x *experiment) set(want *wantedRun) []*wantedRun {
	if want.Together == "" {
		return []*wantedRun{want}
	}
	var out []*wantedRun
	for _, i := range x.sets[want.set()] {
		out = append(out, &x.wants[i])
	}
	return out
}

// alone says why a run of a set cannot be done any more: another one has ended without it.
func (x *experiment) alone(set []*wantedRun) cause {
	for _, m := range set {
		if x.ended(m.key) {
			return cause{NotTogether, fmt.Sprintf("%s has ended without it, and the two are only measured together: to do both again, type: assay rerun RUN", m.Name)}
		}
	}
	return cause{}
}
