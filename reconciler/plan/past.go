package plan

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// EndedRun is what rules need of a run that has ended: enough to never read it again.
type EndedRun struct {
	ID      string
	Phase   string // v1alpha1.Run*
	Reason  Reason
	Message string // why a complete one is not valid, or why another one ended so
	Invalid bool   // it has a result, which is not valid
	Final   bool   // for reasons that come again
	Tries   []Try
	Retries int
	Replays string
	Ended   time.Time
	Trial   *Trial // of a search's run that has a result

	Deployment string             // as of the run
	Seed       int64              //
	Values     map[string]float64 // of the metrics that may end its repeats early; nil: none do
}

// Past is what is left of the runs of an experiment that have ended. It never changes, so that a pass need not copy it; With
// makes another one. The zero value and nil hold no run.
type Past struct {
	byKey map[string][]EndedRun // oldest first
	begun map[string]time.Time  // target -> when the newest of its runs was created
	count map[BenchmarkPhase]int
	runs  int
	round time.Time // the newest of their rounds
}

// BenchmarkPhase is what runs are counted by.
type BenchmarkPhase struct{ Benchmark, Phase string }

// SumUp is what rules need of a run that has ended.
func SumUp(r Run) EndedRun {
	e := EndedRun{ID: r.ID, Phase: r.Phase, Reason: r.Reason, Tries: r.Tries, Retries: r.Retries, Replays: r.Replays, Ended: r.Ended, Deployment: r.Deployment, Seed: r.Seed}
	if res := r.Result; res != nil && res.Error == "" {
		e.Invalid, e.Final = !res.Valid, res.Final && !res.Valid
		for _, m := range r.Decides {
			if v, ok := res.Metrics[m]; ok {
				e.Values = set(e.Values, m, v)
			}
		}
	}
	e.Trial = trialOf(r.Result)
	switch {
	case r.Phase == v1alpha1.RunComplete && e.Invalid:
		e.Message = reasons(&r)
	case r.Phase == v1alpha1.RunFailed || r.Phase == v1alpha1.RunLost:
		e.Message = r.Message
	}
	return e
}

// run is the run as rules know one. It lacks what no rule asks of a run that has ended, so it must not be written back.
func (e EndedRun) run(experiment, key string) *Run {
	r := &Run{ID: e.ID, Experiment: experiment, Key: key, Phase: e.Phase, Reason: e.Reason, Message: e.Message, Tries: e.Tries, Retries: e.Retries, Replays: e.Replays, Ended: e.Ended,
		Deployment: e.Deployment, Seed: e.Seed}
	switch {
	case e.Invalid:
		r.Result = &drivers.SuiteResult{Final: e.Final, Reasons: []drivers.Reason{{Message: e.Message}}}
	case e.Phase == v1alpha1.RunComplete:
		r.Result, r.Message = &drivers.SuiteResult{Valid: true}, resultStored
	}
	if r.Result != nil && e.Values != nil {
		r.Result.Metrics, r.Decides = e.Values, slices.Sorted(maps.Keys(e.Values))
	}
	e.Trial.into(r)
	return r
}

// set is a map with one more entry; nil is an empty one.
func set(m map[string]float64, key string, v float64) map[string]float64 {
	if m == nil {
		m = map[string]float64{}
	}
	m[key] = v
	return m
}

// Add takes a run in while a Past is built: what is left of it, and its record. Of several entries of one run the last
// counts. It must not be called once the Past was handed over.
func (p *Past) Add(e EndedRun, r Run) {
	if p.byKey == nil {
		p.byKey, p.begun, p.count = map[string][]EndedRun{}, map[string]time.Time{}, map[BenchmarkPhase]int{}
	}
	if r.Created.After(p.begun[r.Target]) {
		p.begun[r.Target] = r.Created
	}
	if r.Round.After(p.round) {
		p.round = r.Round
	}
	p.count[BenchmarkPhase{r.Benchmark, e.Phase}]++
	all := p.byKey[r.Key]
	if i := slices.IndexFunc(all, func(o EndedRun) bool { return o.ID == e.ID }); i >= 0 {
		p.count[BenchmarkPhase{r.Benchmark, all[i].Phase}]--
		all[i] = e
		return
	}
	p.byKey[r.Key], p.runs = append(all, e), p.runs+1
}

// Same reports whether that is what the Past holds of a run.
func (p *Past) Same(key string, e EndedRun) bool {
	return slices.ContainsFunc(p.Of(key), func(o EndedRun) bool { return reflect.DeepEqual(o, e) })
}

// With is the Past with one more run, or with another entry of one that it holds.
func (p *Past) With(e EndedRun, r Run) *Past {
	out := &Past{}
	if p != nil && p.byKey != nil {
		*out = Past{byKey: maps.Clone(p.byKey), begun: maps.Clone(p.begun), count: maps.Clone(p.count), runs: p.runs, round: p.round}
		out.byKey[r.Key] = slices.Clone(out.byKey[r.Key])
	}
	out.Add(e, r)
	return out
}

// Counts are how many runs there are of each benchmark in each phase. Do not change them.
func (p *Past) Counts() map[BenchmarkPhase]int {
	if p == nil {
		return nil
	}
	return p.count
}

// Counted are the runs of an experiment that have a result which counts now: of each wanted repeat the last.
func (e Experiment) Counted(past *Past) (out []EndedRun) {
	x := &experiment{Experiment: e, past: past, waits: map[string]cause{}}
	x.Wanted = e.wantedRuns()
	if round := past.newestRound(); !round.IsZero() {
		x.wantRound(round)
	}
	x.follow()
	for _, want := range x.wants {
		for _, r := range slices.Backward(past.Of(want.key)) {
			if r.Phase == v1alpha1.RunComplete {
				out = append(out, r)
				break
			}
		}
	}
	return out
}

// Of are the ended runs of a key, oldest first. Do not change them.
func (p *Past) Of(key string) []EndedRun {
	if p == nil {
		return nil
	}
	return p.byKey[key]
}

// newestRound is the newest round of its runs; zero where none was due by a schedule.
func (p *Past) newestRound() time.Time {
	if p == nil {
		return time.Time{}
	}
	return p.round
}

// Has reports whether it holds a run.
func (p *Past) Has(key, id string) bool {
	return slices.ContainsFunc(p.Of(key), func(e EndedRun) bool { return e.ID == id })
}

// Len is how many runs it holds.
func (p *Past) Len() int {
	if p == nil {
		return 0
	}
	return p.runs
}

// begunAfter reports whether a run against a target was begun after a moment.
func (p *Past) begunAfter(target string, at time.Time) bool {
	return p != nil && p.begun[target].After(at)
}

// ofKey are the runs of a key, oldest first: as rules know those that have ended before, and those that were open when the
// pass began.
func (x *experiment) ofKey(key string) []*Run {
	if all, known := x.byKey[key]; known {
		return all
	}
	past := x.past.Of(key)
	if len(past) == 0 {
		return nil
	}
	all := make([]*Run, 0, len(past)+1)
	for _, e := range past {
		r := e.run(x.Name, key)
		all, x.isPast[r] = append(all, r), true
	}
	x.byKey[key] = all
	return all
}

// endedOf visits the ended runs of a key, oldest first. It is for what every pass asks of every key: nothing is allocated for
// those that no rule has looked at.
func (x *experiment) endedOf(key string, visit func(EndedRun)) {
	all, known := x.byKey[key]
	if !known {
		for _, e := range x.past.Of(key) {
			visit(e)
		}
	}
	for _, r := range all {
		if !active(r) {
			visit(SumUp(*r))
		}
	}
}

// counts reports whether a run of that phase is the result of its key, good or bad.
func counts(phase string) bool { return phase == v1alpha1.RunComplete || phase == v1alpha1.RunFailed }

// ended reports whether a key has its result, good or bad, and so is never run again.
func (x *experiment) ended(key string) bool {
	if all, known := x.byKey[key]; known {
		return slices.ContainsFunc(all, func(r *Run) bool { return counts(r.Phase) })
	}
	return slices.ContainsFunc(x.past.Of(key), func(e EndedRun) bool { return counts(e.Phase) })
}

// underWay reports whether a run of a key is active.
func (x *experiment) underWay(key string) bool { return slices.ContainsFunc(x.byKey[key], active) }

// failed reports whether a run of a key has failed.
func (x *experiment) failed(key string) bool {
	if all, known := x.byKey[key]; known {
		return slices.ContainsFunc(all, func(r *Run) bool { return r.Phase == v1alpha1.RunFailed })
	}
	return slices.ContainsFunc(x.past.Of(key), func(e EndedRun) bool { return e.Phase == v1alpha1.RunFailed })
}
