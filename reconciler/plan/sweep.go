package plan

import (
	"maps"
	"slices"
	"time"
)

// Point is one combination of a sweep, compiled: what to serve there, and what to measure.
type Point struct {
	Params     map[string]string // the sweep's parameters by short name; empty without a sweep
	Services   []Service
	Benchmarks []Benchmark
}

// points are the sweep's in the order of serving, or the experiment itself as the only one.
func (e Experiment) points() []Point {
	if len(e.Points) == 0 {
		return []Point{{Services: e.Services, Benchmarks: e.Benchmarks}}
	}
	return e.Points
}

// AtPoints sets the services and benchmarks of every experiment that sweeps to those of the point to serve now: that of a
// run which is under way, else the first with a run that has not ended, else the last, so that nothing restarts once all is
// done. A sweep is nothing else: a function of the manifest and the runs that have ended.
func (d Desired) AtPoints(now time.Time, runs []Run, past map[string]*Past) {
	of := map[string]*experiment{}
	for _, e := range d.Experiments {
		if len(e.Points) > 0 {
			of[e.Name] = &experiment{Experiment: e, past: past[e.Name], waits: map[string]cause{}}
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
			x.sweep(now)
			d.Experiments[i] = x.Experiment
		}
	}
}

// sweep lists the wanted runs and sets the point, and the deployments, to serve. When a failure stops the sweep, later points are not wanted.
func (x *experiment) sweep(now time.Time) {
	x.Wanted = x.wantedRuns()
	x.byKey, x.isPast = make(map[string][]*Run, len(x.runs)), map[*Run]bool{}
	for _, r := range x.runs {
		x.byKey[r.Key] = append(x.ofKey(r.Key), r)
	}
	x.rounds(now) // schedule.go: of which round
	if len(x.Points) > 0 {
		x.point = x.choose()
		x.Services, x.Benchmarks = x.Points[x.point].Services, x.Points[x.point].Benchmarks
	}
	x.deploy() // deploy.go
}

// list finds out which runs are wanted of those that there can be.
func (x *experiment) list() {
	x.follow() // searched.go: which runs a search asks for
	if len(x.Points) > 0 && x.StopOnFailure {
		x.stopAtFailure()
	}
	x.endEarly() // decided.go
}

// stopAtFailure drops the points behind the first one with a failed run.
func (x *experiment) stopAtFailure() {
	failed := slices.IndexFunc(x.wants, func(want wantedRun) bool {
		return x.failed(want.key)
	})
	if failed < 0 {
		return
	}
	last := x.wants[failed].point
	x.skipped = map[string]int{}
	kept := slices.DeleteFunc(slices.Clone(x.wants), func(want wantedRun) bool {
		if want.point > last {
			x.skipped[want.Name]++
			x.wait(&want, cause{SweepStopped, "a run failed, and sweep.onFailure is Stop"})
		}
		return want.point > last
	})
	x.Wanted = indexWants(kept)
}

func (x *experiment) choose() int {
	next := len(x.Points) - 1
	if len(x.wants) > 0 {
		next = x.wants[len(x.wants)-1].point
	}
	for i := len(x.wants) - 1; i >= 0; i-- {
		want := &x.wants[i]
		if x.underWay(want.key) {
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
		case replica.stalled.reason == BudgetExceeded: // the sweep stops here, and goes on when there is more
		case replica.stalled.set():
			return replica.stalled
		case replica.givenUp.set() && s.of.grouped:
			return replica.givenUp
		}
	}
	return cause{}
}

// unaffordable says that a service has no job because of a budget.
func (x *experiment) unaffordable(service string) cause {
	if s := x.service[service]; s != nil && x.broke.set() {
		for _, replica := range s.replicas {
			if replica.attempt == nil && replica.wait.reason == BudgetExceeded {
				return replica.wait
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
