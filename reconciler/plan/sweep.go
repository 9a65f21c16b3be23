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
	// configuration is the same for all repeats, whatever the experiment is called.
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
		for _, b := range p.Benchmarks {
			i := slices.IndexFunc(p.Services, func(s Service) bool { return s.Name == b.Target })
			if i < 0 {
				continue
			}
			for r := 1; r <= b.Repeats; r++ {
				out = append(out, wantedRun{b, r, runKey(e, b, r, p, p.Services[i]), digest(p.configuration(b, p.Services[i])...), at, p.params(b)})
			}
		}
	}
	return out
}

// At is the experiment with the services and benchmarks of the point to serve now: that of a run which is under way,
// else the first with a run that has not ended, else the last, so that nothing restarts once all is done. A sweep is
// nothing else: a function of the manifest and the runs that have ended.
func (e Experiment) At(runs []Run) Experiment {
	if len(e.Points) == 0 {
		return e
	}
	x := &experiment{Experiment: e, waits: map[string]cause{}}
	for i := range runs {
		if runs[i].Experiment == e.Name {
			x.runs = append(x.runs, &runs[i])
		}
	}
	x.sweep()
	return x.Experiment
}

// sweep lists the wanted runs and goes to the point to serve. When a failure stops the sweep, the points behind it are
// not wanted.
func (x *experiment) sweep() {
	x.wants, x.byKey = x.wanted(), map[string][]*Run{}
	for _, r := range x.runs {
		x.byKey[r.Key] = append(x.byKey[r.Key], r)
	}
	if len(x.Points) == 0 {
		return
	}
	if x.StopOnFailure {
		failed := slices.IndexFunc(x.wants, func(want wantedRun) bool {
			return slices.ContainsFunc(x.byKey[want.key], func(r *Run) bool { return r.Phase == v1alpha1.RunFailed })
		})
		if failed >= 0 {
			last := x.wants[failed].point
			x.skipped = map[string]int{}
			x.wants = slices.DeleteFunc(x.wants, func(want wantedRun) bool {
				if want.point > last {
					x.skipped[want.Name]++
					x.wait(want, cause{SweepStopped, "a run failed, and sweep.onFailure is Stop"})
				}
				return want.point > last
			})
		}
	}
	x.point = x.choose()
	x.Services, x.Benchmarks = x.Points[x.point].Services, x.Points[x.point].Benchmarks
}

func (x *experiment) choose() int {
	next := len(x.Points) - 1
	if len(x.wants) > 0 {
		next = x.wants[len(x.wants)-1].point
	}
	for i := len(x.wants) - 1; i >= 0; i-- {
		want := x.wants[i]
		if slices.ContainsFunc(x.byKey[want.key], active) {
			return want.point
		}
		if !x.ended(want.key) {
			next = want.point
		}
	}
	return next
}

// passes says why no run can start at this point, so that the sweep records them as failed and goes on: the target has
// been given up.
func (x *experiment) passes(target string) cause {
	if len(x.Points) == 0 {
		return cause{}
	}
	for _, s := range x.services {
		if s.Name != target {
			continue
		}
		for _, replica := range s.replicas {
			switch {
			case replica.stalled.set():
				return replica.stalled
			case replica.givenUp.set() && s.of.grouped:
				return replica.givenUp
			}
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
