package plan

import (
	"fmt"
	"maps"
	"slices"
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

// params of a benchmark's runs at a point: those of the sweep, and what is measured at the same time.
func (p indexedPoint) params(b *Benchmark) map[string]string {
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
			return cause{NotTogether, fmt.Sprintf("%s has ended without it, and the two are only measured together: change the seed to run both again", m.Name)}
		}
	}
	return cause{}
}

// using is the active run of another experiment on a target that both have in common: a server that others run, or a
// directory. Of several it is the first in the order of experiments, runs that began earlier first.
func (w *world) using(x *experiment, target *service) *Run {
	key := sharedTarget(&target.Service)
	if key == "" {
		return nil
	}
	w.indexUse()
	var found *Run
	for _, r := range w.inUse[key] {
		if r.Experiment != x.Name && active(r) && (found == nil || w.comesBefore(r, found)) {
			found = r
		}
	}
	return found
}

// indexUse finds the active runs on targets that several experiments can name.
func (w *world) indexUse() {
	if w.inUse != nil {
		return
	}
	w.inUse = map[string][]*Run{}
	for _, x := range w.exps {
		for _, r := range x.runs {
			w.uses(x, r)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.begun)) {
		w.uses(w.byName[w.begun[key].Experiment], w.begun[key])
	}
}

// uses notes what an active run measures.
func (w *world) uses(x *experiment, r *Run) {
	s := x.service[r.Target]
	if w.inUse == nil || s == nil || !active(r) {
		return
	}
	if key := sharedTarget(&s.Service); key != "" {
		w.inUse[key] = append(w.inUse[key], r)
	}
}

// comesBefore orders runs on one target: by experiment, then those of earlier passes, then by key.
func (w *world) comesBefore(a, b *Run) bool {
	if a.Experiment != b.Experiment {
		return a.Experiment < b.Experiment
	}
	newA, newB := w.begun[a.Key] == a, w.begun[b.Key] == b
	if newA != newB {
		return newB
	}
	return newA && a.Key < b.Key
}

// sharedTarget names a target that several experiments can declare; empty for one that an experiment has for itself.
func sharedTarget(s *Service) string {
	switch {
	case s.Lustre != nil:
		return "directory " + s.Lustre.Path
	case s.URL != "":
		return "server " + s.URL
	}
	return ""
}
