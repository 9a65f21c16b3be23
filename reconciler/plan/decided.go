package plan

import (
	"fmt"

	"assay/api/v1alpha1"
	"assay/reconciler/decide"
)

// A benchmark can end before all of its repeats are done, once what it is for is decided: every bound is kept or broken, or
// the two targets differ. How often may be looked, and how sure a look must be, says package decide. What is not needed any
// more is not wanted; a run that is set aside makes the question open again.

// series is one benchmark at one point: the runs that have ended, by target, in the order of their repeats.
type series struct {
	*Benchmark
	runs    map[string][]decide.Run
	ended   int
	pending map[string]bool // keys of the runs that are left
	open    bool            // a run is active, has failed or is not valid: all repeats are done
}

// endEarly drops the runs of series that are decided.
func (x *experiment) endEarly() {
	if !x.early {
		return
	}
	drop := map[string]bool{}
	for _, s := range x.series() {
		if why := s.decided(); why != "" {
			x.note(s.Name, fmt.Sprintf("%s after %d runs, so %d more are not needed", why, s.ended, len(s.pending)))
			for key := range s.pending {
				drop[key] = true
			}
		}
	}
	if len(drop) == 0 {
		return
	}
	var kept []wantedRun
	for _, want := range x.wants {
		if !drop[want.key] {
			kept = append(kept, want)
		}
	}
	x.Wanted = indexWants(kept)
}

// note remembers what the status of a benchmark says of runs that are not needed.
func (x *experiment) note(benchmark, message string) {
	if x.decided == nil {
		x.decided = map[string]string{}
	}
	x.decided[benchmark] = message
}

// series are those of the benchmarks that may end early, in the order in which they are wanted.
func (x *experiment) series() (out []*series) {
	type place struct {
		benchmark string
		point     int
	}
	at := map[place]*series{}
	for i := range x.wants {
		want := &x.wants[i]
		if !want.Design.Early {
			continue
		}
		s := at[place{want.Name, want.point}]
		if s == nil {
			s = &series{Benchmark: want.Benchmark, runs: map[string][]decide.Run{}, pending: map[string]bool{}}
			at[place{want.Name, want.point}] = s
			out = append(out, s)
		}
		s.add(x, want)
	}
	return out
}

func (s *series) add(x *experiment, want *wantedRun) {
	counted := false
	x.endedOf(want.key, func(e EndedRun) {
		if counts(e.Phase) {
			counted = true
			s.ended++
			s.open = s.open || e.Invalid || e.Phase != v1alpha1.RunComplete
			s.runs[want.Target] = append(s.runs[want.Target], decide.Run{Deployment: e.Deployment, Seed: e.Seed, Metrics: e.Values})
		}
	})
	if !counted {
		s.pending[want.key] = true
		s.open = s.open || x.underWay(want.key)
	}
}

// decided says what is; empty when it is not, or when this is no moment to look.
func (s *series) decided() string {
	if s.open || len(s.pending) == 0 || len(s.Decides) == 0 {
		return ""
	}
	for _, b := range s.Decides {
		if b.Sign == 0 && !s.differ(b.Metric) || b.Sign != 0 && !s.judged(b) {
			return ""
		}
	}
	return "it is decided"
}

// differ reports whether the two targets are called different.
func (s *series) differ(metric string) bool {
	a, b := s.runs[s.Target], s.runs[s.Other]
	alpha, due := s.Design.Look(len(a))
	if !due || len(a) != len(b) {
		return false
	}
	p, ok := decide.Test(a, b, []string{metric}, true).P[metric]
	return ok && p < alpha
}

// judged reports whether a bound is kept or broken for good, on every target.
func (s *series) judged(b Bound) bool {
	for _, runs := range s.runs {
		alpha, due := s.Design.Look(len(runs))
		if !due || !decide.Complete(runs, b.Metric) || decide.Typical(runs, b.Metric, alpha).Against(b.Limit, b.Sign) == decide.Open {
			return false
		}
	}
	return len(s.runs) > 0
}
