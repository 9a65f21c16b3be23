package plan

import (
	"maps"
	"slices"

	"assay/api/v1alpha1"
)

// Point is one combination of a sweep, compiled: what to serve there, and what to measure.
type Point struct {
	Params     map[string]string // the sweep's parameters by short name; empty without a sweep
	Services   []Service
	Benchmarks []Benchmark
}

// wantedRun is one repeat of one benchmark at one point, on its target as declared now.
type wantedRun struct {
	Benchmark
	repeat int
	key    string
	// configuration is the same for all repeats, and for experiments of other names.
	configuration string
	point         int // index
	params        map[string]string
}

// points are the sweep's in the order of serving, or the experiment itself as the only one.
func (e Experiment) points() []Point {
	if len(e.Points) == 0 {
		return []Point{{Services: e.Services, Benchmarks: e.Benchmarks}}
	}
	return e.Points
}

// wanted are all runs of an experiment: point by point, in each as the manifest orders them.
func (e Experiment) wanted() []wantedRun {
	var out []wantedRun
	for at, p := range e.points() {
		p := p.index()
		for i := range p.Benchmarks {
			b := &p.Benchmarks[i]
			target := p.service[b.Target]
			if target == nil {
				continue
			}
			words, params := p.configuration(b, target), p.params(b)
			configuration := digest(words...)
			for repeat := 1; repeat <= b.Repeats; repeat++ {
				out = append(out, wantedRun{*b, repeat, runKey(e, *b, repeat, words, p.Params), configuration, at, params})
			}
		}
	}
	return out
}

// AtPoints sets the services and benchmarks of every experiment that sweeps to those of the point to serve now: that of a
// run which is under way, else the first with a run that has not ended, else the last, so that nothing restarts once all is
// done. A sweep is nothing else: a function of the manifest and the runs that have ended.
func (d Desired) AtPoints(runs []Run) {
	of := map[string]*experiment{}
	for _, e := range d.Experiments {
		if len(e.Points) > 0 {
			of[e.Name] = &experiment{Experiment: e, waits: map[string]cause{}}
		}
	}
	if len(of) == 0 {
		return
	}
	for i := range runs {
		if x := of[runs[i].Experiment]; x != nil {
			x.runs = append(x.runs, &runs[i])
		}
	}
	for i, e := range d.Experiments {
		if x := of[e.Name]; x != nil {
			x.sweep()
			d.Experiments[i] = x.Experiment
		}
	}
}

// sweep lists the wanted runs and sets the point to serve. When a failure stops the sweep, later points are not wanted.
func (x *experiment) sweep() {
	x.wants, x.byKey = x.wanted(), make(map[string][]*Run, len(x.runs))
	for _, r := range x.runs {
		x.byKey[r.Key] = append(x.byKey[r.Key], r)
	}
	if len(x.Points) > 0 {
		if x.StopOnFailure {
			x.stopAtFailure()
		}
		x.point = x.choose()
		x.Services, x.Benchmarks = x.Points[x.point].Services, x.Points[x.point].Benchmarks
	}
	x.indexWants()
}

// stopAtFailure drops the points behind the first one with a failed run.
func (x *experiment) stopAtFailure() {
	failed := slices.IndexFunc(x.wants, func(want wantedRun) bool {
		return slices.ContainsFunc(x.byKey[want.key], func(r *Run) bool { return r.Phase == v1alpha1.RunFailed })
	})
	if failed < 0 {
		return
	}
	last := x.wants[failed].point
	x.skipped = map[string]int{}
	x.wants = slices.DeleteFunc(x.wants, func(want wantedRun) bool {
		if want.point > last {
			x.skipped[want.Name]++
			x.wait(&want, cause{SweepStopped, "a run failed, and sweep.onFailure is Stop"})
		}
		return want.point > last
	})
}

// indexWants finds the want of each key, the wants of each benchmark, and those that start together.
func (x *experiment) indexWants() {
	x.wantOf, x.wantsOf, x.sets = make(map[string]int, len(x.wants)), map[string][]int{}, map[setKey][]int{}
	for i := range x.wants {
		want := &x.wants[i]
		x.wantOf[want.key] = i
		x.wantsOf[want.Name] = append(x.wantsOf[want.Name], i)
		if want.Together != "" {
			x.sets[want.set()] = append(x.sets[want.set()], i)
		}
	}
}

func (x *experiment) choose() int {
	next := len(x.Points) - 1
	if len(x.wants) > 0 {
		next = x.wants[len(x.wants)-1].point
	}
	for i := len(x.wants) - 1; i >= 0; i-- {
		want := &x.wants[i]
		if slices.ContainsFunc(x.byKey[want.key], active) {
			return want.point
		}
		if !x.ended(want.key) {
			next = want.point
		}
	}
	return next
}

// passes says why no run can start at this point: the target was given up. The sweep records such runs as failed and goes on.
func (x *experiment) passes(target string) cause {
	s := x.service[target]
	if len(x.Points) == 0 || s == nil {
		return cause{}
	}
	if !s.judged {
		s.judged, s.lost = true, s.firstLost()
	}
	return s.lost
}

// firstLost says why a replica of a service was given up; of several the first counts.
func (s *service) firstLost() cause {
	for _, replica := range s.replicas {
		switch {
		case replica.stalled.set():
			return replica.stalled
		case replica.givenUp.set() && s.of.grouped:
			return replica.givenUp
		}
	}
	return cause{}
}

// params of a point in the order of their names, as words of a digest.
func paramWords(params map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(params)) {
		out = append(out, k, params[k])
	}
	return out
}
