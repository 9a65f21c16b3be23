package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"assay/api/v1alpha1"
)

// searching is the search of one benchmark at one point of a sweep: its runs so far, in the order in which they were asked for.
type searching struct {
	first  *wantedRun        // at the lowest load; the others are made from it
	params map[string]string // of the sweep's point
	words  []string          // what a result depends on
	loads  []*load
	end    cause // why no run follows; unset while one does
	runs   int   // that have ended, of those that it asks for
	millis int64 // that all its runs took, those that were done again too
}

// searchFor wants a benchmark's search: its first run stands for all, until follow knows which have ended.
func (e Experiment) searchFor(want wantedRun, sweep map[string]string, words []string) wantedRun {
	want.search = &searching{params: sweep, words: words}
	return e.searchRun(&want, want.Search.From, 1)
}

// searchOf is what stands for the runs of a search at a point.
func (p indexedPoint) searchOf(e Experiment, b *Benchmark) []wantedRun {
	target := p.service[b.Target]
	if target == nil {
		return nil
	}
	words := p.configuration(b, target)
	return []wantedRun{e.searchFor(wantedRun{Benchmark: b, configuration: digest(words...), params: p.params(b), deployment: 1, first: true}, p.Params, words)}
}

// searchRun is the run of a search at a load. Its load is part of its point and of its key.
func (e Experiment) searchRun(first *wantedRun, at float64, repeat int) wantedRun {
	want := *first
	name, text := want.Benchmark.LoadName(first.search.params), strconv.FormatFloat(at, 'g', -1, 64)
	want.repeat, want.load, want.seed = repeat, at, int64(repeat-1)
	want.params = maps.Clone(want.params)
	if want.params == nil {
		want.params = map[string]string{}
	}
	want.params[name] = text
	want.key = runKey(e, *want.Benchmark, repeat, append(slices.Clone(first.search.words), name, text), first.search.params)
	return want
}

// LoadName is the name that the load has in the points of a search: rate or concurrency, unless the sweep has such a parameter.
func (b *Benchmark) LoadName(sweep map[string]string) string {
	if _, taken := sweep[b.Search.By]; taken {
		return b.Name + "." + b.Search.By
	}
	return b.Search.By
}

// follow replaces what stands for each search by the runs that it asks for: those that have ended, and the next one.
func (x *experiment) follow() {
	if !slices.ContainsFunc(x.wants, func(want wantedRun) bool { return want.search != nil }) {
		return
	}
	var wants []wantedRun
	x.searches = nil
	for i := range x.wants {
		want := &x.wants[i]
		switch {
		case want.search == nil:
			wants = append(wants, *want)
		case want.first:
			s := &searching{first: want, params: want.search.params, words: want.search.words}
			x.searches = append(x.searches, s)
			wants = append(wants, x.asked(s)...)
		}
	}
	x.Wanted = indexWants(wants)
}

// asked are the runs that a search asks for: it begins at the beginning, and goes as far as its runs have ended.
func (x *experiment) asked(s *searching) (out []wantedRun) {
	rule := *s.first.Search
	for {
		rule.judge(s.loads)
		at, end := rule.next(s.loads)
		if end == "" && len(out) >= v1alpha1.MostSearchRuns {
			end = SearchUndecided
		}
		if end == "" && rule.spent(s.millis, len(out)) {
			end = SearchBudget
		}
		if end != "" {
			s.end = cause{end, rule.answer(s.loads, end)}
			return out
		}
		want := x.searchRun(s.first, at, 1+trialsAt(s.loads, at))
		want.first = len(out) == 0
		out = append(out, want)
		result, ended := x.resultOf(want.key, &s.millis)
		if !ended {
			return out
		}
		s.runs++
		if result.Trial == nil || result.Phase != v1alpha1.RunComplete || result.Invalid && result.Trial.Missed == "" {
			s.end = cause{SearchStopped, fmt.Sprintf("run %s at %s cannot be judged: %s", result.ID, pointName(want.params), result.Message)}
			return out
		}
		s.loads = add(s.loads, at, result.Trial)
	}
}

// resultOf is the run of a key that counts, and adds up how long all of them took.
func (x *experiment) resultOf(key string, millis *int64) (result EndedRun, ended bool) {
	x.endedOf(key, func(r EndedRun) {
		if r.Trial != nil {
			*millis += r.Trial.Millis
		}
		if counts(r.Phase) {
			result, ended = r, true
		}
	})
	return result, ended
}

func trialsAt(loads []*load, at float64) int {
	for _, l := range loads {
		if l.at == at {
			return len(l.trials)
		}
	}
	return 0
}

// spent reports whether another run, as long as those before, would go beyond the budget.
func (s Search) spent(millis int64, runs int) bool {
	if s.NodeHours == 0 {
		return false
	}
	if runs > 0 {
		millis += millis / int64(runs)
	}
	return s.nodeHours(millis) > s.NodeHours
}

func (s Search) nodeHours(millis int64) float64 {
	return millisOf(millis).Hours() * float64(max(1, s.Nodes))
}

// answer is a search's end as a sentence.
func (s Search) answer(loads []*load, end Reason) string {
	kept, missed := sure(loads)
	switch end {
	case SearchFound:
		return fmt.Sprintf("the highest %s that keeps the objective is %g; %g does not", s.By, kept.at, missed.at)
	case SearchAbove:
		return fmt.Sprintf("%g, the highest %s of the range, keeps the objective", s.To, s.By)
	case SearchBelow:
		return fmt.Sprintf("%g, the lowest %s of the range, does not keep the objective", s.From, s.By)
	}
	why := "what is nearer to the edge stays in doubt"
	if end == SearchBudget {
		why = fmt.Sprintf("the budget of %g node-hours is spent", s.NodeHours)
	}
	switch {
	case kept == nil && missed == nil:
		return "no load is certain to keep the objective, or not to: " + why + "; " + s.soFar(loads)
	case kept == nil:
		return fmt.Sprintf("the highest %s that keeps the objective is below %g: %s", s.By, missed.at, why)
	case missed == nil:
		return fmt.Sprintf("the highest %s that keeps the objective is %g or above: %s", s.By, kept.at, why)
	}
	return fmt.Sprintf("the highest %s that keeps the objective is between %g and %g: %s", s.By, kept.at, missed.at, why)
}

// Searches are what the searches of an experiment have come to with the runs of its past.
func (e Experiment) Searches(past *Past) []v1alpha1.SearchStatus {
	x := &experiment{Experiment: e, past: past, waits: map[string]cause{}}
	x.sweep(time.Time{}) // of the present round: none is due
	var out []v1alpha1.SearchStatus
	for _, s := range x.searches {
		out = append(out, s.status())
	}
	return out
}

// status is what a search has come to.
func (s *searching) status() v1alpha1.SearchStatus {
	rule := *s.first.Search
	kept, missed := sure(s.loads)
	st := v1alpha1.SearchStatus{Benchmark: s.first.Name, Point: s.params, Load: s.first.LoadName(s.params), By: rule.By, Runs: s.runs, NodeHours: rule.nodeHours(s.millis),
		Reason: string(s.end.reason), Message: s.end.message}
	if !s.end.set() {
		st.Reason, st.Message = string(InProgress), rule.soFar(s.loads)
	}
	if kept != nil {
		st.Kept = kept.at
	}
	if missed != nil {
		st.Missed = missed.at
	}
	for _, l := range s.loads {
		at := v1alpha1.SearchLoad{Load: l.at, Runs: len(l.trials), Verdict: l.word()}
		for _, p := range l.parts {
			at.Parts = append(at.Parts, v1alpha1.SearchPart{Part: p.Part, Requests: p.Requests, Share: p.Share, Lo: p.Lo, Hi: p.Hi, Least: p.Least})
		}
		for _, t := range l.trials {
			if t.Missed != "" {
				at.Why = t.Missed
			}
		}
		st.Loads = append(st.Loads, at)
	}
	return st
}

func (l *load) word() string {
	switch {
	case l.kept:
		return v1alpha1.LoadKept
	case l.missed:
		return v1alpha1.LoadMissed
	}
	return v1alpha1.LoadOpen
}

// soFar is where a search that goes on has come to.
func (s Search) soFar(loads []*load) string {
	hi := slices.IndexFunc(loads, func(l *load) bool { return !l.likely })
	switch {
	case len(loads) == 0:
		return fmt.Sprintf("it begins with %s %g", s.By, s.From)
	case hi < 0:
		return fmt.Sprintf("up to %s %g the objective looks kept", s.By, loads[len(loads)-1].at)
	case hi == 0:
		return fmt.Sprintf("at %s %g, the lowest, the objective looks missed", s.By, loads[0].at)
	}
	return fmt.Sprintf("the edge looks to be between %s %g and %g", s.By, loads[hi-1].at, loads[hi].at)
}

// searchStatus are the searches of a benchmark.
func (x *experiment) searchStatus(benchmark string) (out []v1alpha1.SearchStatus) {
	for _, s := range x.searches {
		if s.first.Name == benchmark {
			out = append(out, s.status())
		}
	}
	return out
}

// searchProgress is the reason and the message of a benchmark that searches: of the search that goes on, else of the first one
// that found nothing, else of the last. It is unset for others.
func searchProgress(all []v1alpha1.SearchStatus) cause {
	var out cause
	for _, s := range all {
		c := cause{Reason(s.Reason), s.Message}
		if len(s.Point) > 0 {
			c.message = pointName(s.Point) + ": " + c.message
		}
		switch {
		case c.reason == InProgress:
			return c
		case !out.set() || out.reason == SearchFound:
			out = c
		}
	}
	return out
}

// reason is why assay plan lists a run.
func (want *wantedRun) reason() string {
	if want.search != nil {
		return fmt.Sprintf("the next load of a search between %g and %g: others follow from what it finds, %d at most", want.Search.From, want.Search.To, v1alpha1.MostSearchRuns)
	}
	return "it has no run with this key"
}
