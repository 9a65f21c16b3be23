package plan

import (
	"fmt"
	"slices"

	"assay/api/v1alpha1"
)

// A run that counts is set aside when its result is not valid, a few times, and whenever the user asks. It is kept, it no
// longer counts, and a run with the same key follows.

// newest is the last run of a key; nil when there is none.
func (x *experiment) newest(key string) *Run {
	if all := x.ofKey(key); len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

// inherit tells a new run what became of the last one with its key: its tries, and its invalid results. What the user asks
// for again begins anew; asked for exactly, it sends what the last one sent.
func (r *Run) inherit(last *Run) {
	switch {
	case last == nil || last.Reason == AskedAgain:
		return
	case last.Reason == AskedExactly:
		r.Replays = last.ID
		return
	}
	r.Replays, r.Tries, r.Retries = last.Replays, last.Tries, last.Retries
	switch {
	case last.Phase == v1alpha1.RunLost && !kinds[last.Reason].free:
		r.Tries = append(r.Tries[:len(r.Tries):len(r.Tries)], Try{Run: last.ID, Reason: last.Reason, Message: last.Message})
	case last.Reason == InvalidRetried:
		r.Tries, r.Retries = nil, r.Retries+1
	}
}

// unsound reports whether a result is not valid for reasons that need not come again.
func unsound(r *Run) bool {
	return r.Result != nil && r.Result.Error == "" && !r.Result.Valid && !r.Result.Final && !missed(r.Result)
}

// retries says that a run which has just ended is set aside because it, or a run that was measured with it, is not valid.
// Of runs that are measured together the last one to end decides, and all of them are done again. A run that is not wanted
// at this moment, because the revision changed, is judged alike: it can be wanted again.
func (w *world) retries(x *experiment, r *Run) cause {
	most, bad, partners := x.mostRetries(r), r, x.partners(r)
	if most <= r.Retries {
		return cause{}
	}
	for _, other := range partners {
		switch {
		case other == nil || other.Phase != v1alpha1.RunComplete:
			return cause{} // the last one of the set decides, or it cannot be done again
		case unsound(other):
			bad = other
		}
	}
	if !unsound(bad) {
		return cause{}
	}
	because := cause{InvalidRetried, fmt.Sprintf("the result of %s is not valid: %s; it is done again (retry %d of %d)", bad.ID, reasons(bad), r.Retries+1, most)}
	for _, other := range partners {
		w.updateRun(other, v1alpha1.RunSuperseded, because)
	}
	return because
}

// mostRetries is how often the benchmark of a run is done again by itself; 0 when it is not declared any more.
func (x *experiment) mostRetries(r *Run) int {
	for _, b := range x.Benchmarks {
		if b.Name == r.Benchmark {
			return b.RetryInvalid
		}
	}
	return 0
}

// partners are the newest runs of those that are measured together with r, without r itself; nil for one that has none yet.
func (x *experiment) partners(r *Run) (out []*Run) {
	i, wanted := x.wantOf[r.Key]
	if !wanted {
		return nil
	}
	for _, m := range x.set(&x.wants[i]) {
		if m.key != r.Key {
			out = append(out, x.newest(m.key))
		}
	}
	return out
}

// together sets the partners of a lost run aside that have ended without it, because they are only measured together. It
// reports whether there was one.
func (w *world) together(x *experiment, r *Run) (found bool) {
	for _, other := range x.partners(r) {
		if other != nil && !active(other) && other.Phase != v1alpha1.RunSuperseded && other.Phase != v1alpha1.RunLost {
			w.updateRun(other, v1alpha1.RunSuperseded, cause{PartnerLost, fmt.Sprintf("run %s, which is measured together with it, was lost: both are done again", r.ID)})
			found = true
		}
	}
	return found
}

// retriesUsed says how often a repeat was done again by itself.
func retriesUsed(r EndedRun, b Benchmark) string {
	if r.Retries == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d of %d retries used)", r.Retries, b.RetryInvalid)
}

// reruns sets the runs aside that the user asked for again, and drops what was asked once it is so.
func (w *world) reruns(x *experiment) {
	for _, ask := range w.o.Reruns {
		if ask.Experiment != x.Name {
			continue
		}
		because := cause{NotWanted, "the newest revision has no run with this key"}
		if r := x.find(ask.Run); r != nil {
			because = w.askedAgain(x, r, ask.reason())
		}
		if because.set() {
			w.do(Action{Verb: DropRerun, Experiment: x.Name, Object: "run/" + ask.Run, Rerun: ask, Reason: because.reason, Message: because.message})
		}
	}
}

// reason is that for which a run is set aside.
func (r Rerun) reason() Reason {
	if r.Exact {
		return AskedExactly
	}
	return AskedAgain
}

// find is the run of that name among those that are open or wanted; nil when there is none.
func (x *experiment) find(id string) *Run {
	named := func(r *Run) bool { return r.ID == id }
	if i := slices.IndexFunc(x.runs, named); i >= 0 {
		return x.runs[i]
	}
	for i := range x.wants {
		key := x.wants[i].key
		if !x.past.Has(key, id) {
			continue
		}
		if all := x.ofKey(key); slices.ContainsFunc(all, named) {
			return all[slices.IndexFunc(all, named)]
		}
	}
	return nil
}

// askedAgain sets a run aside, and those that were measured with it. It returns no cause when that is on its way.
func (w *world) askedAgain(x *experiment, r *Run, asked Reason) cause {
	done := cause{asked, "it is done again"}
	_, wanted := x.wantOf[r.Key]
	switch {
	case active(r) || r.Phase == v1alpha1.RunSuperseded || x.newest(r.Key) != r:
		return done
	case !wanted || x.Deleting:
		return cause{NotWanted, "the newest revision has no run with this key"}
	}
	all := append(x.partners(r), r)
	if slices.ContainsFunc(all, func(m *Run) bool { return m != nil && active(m) }) {
		return cause{} // when all of them have ended
	}
	for _, m := range all {
		if m != nil {
			w.updateRun(m, v1alpha1.RunSuperseded, cause{asked, fmt.Sprintf("the user asked for %s again; it had ended as %s: %s", r.ID, m.Phase, m.Message)})
		}
	}
	return cause{}
}
