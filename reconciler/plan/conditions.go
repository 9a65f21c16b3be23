package plan

import (
	"fmt"
	"slices"

	"assay/api/v1alpha1"
)

// statuses reports on everything in Kubernetes' form: conditions with a reason each. It decides nothing.
func (w *world) statuses() []v1alpha1.ExperimentStatus {
	out := make([]v1alpha1.ExperimentStatus, 0, len(w.exps))
	for _, x := range w.exps {
		out = append(out, w.experimentStatus(x))
	}
	return out
}

// conditions collects the conditions of one object and keeps the time at which each took its status.
type conditions struct {
	w          *world
	generation int64
	before     []v1alpha1.Condition
	list       []v1alpha1.Condition
}

// before holds the conditions of an experiment's parts as last published.
type before struct {
	services, benchmarks, runs map[string][]v1alpha1.Condition
}

func newBefore(st v1alpha1.ExperimentStatus) before {
	b := before{make(map[string][]v1alpha1.Condition, len(st.Services)), make(map[string][]v1alpha1.Condition, len(st.Benchmarks)), make(map[string][]v1alpha1.Condition, len(st.Runs))}
	for i := range st.Services {
		b.services[st.Services[i].Name] = st.Services[i].Conditions
	}
	for i := range st.Benchmarks {
		b.benchmarks[st.Benchmarks[i].Name] = st.Benchmarks[i].Conditions
	}
	for i := range st.Runs {
		b.runs[st.Runs[i].ID] = st.Runs[i].Conditions
	}
	return b
}

func (c *conditions) set(typ, status string, because cause) {
	at := c.w.o.Now
	for _, b := range c.before {
		if b.Type == typ && b.Status == status {
			at = b.LastTransitionTime
		}
	}
	if c.list == nil {
		c.list = make([]v1alpha1.Condition, 0, 6) // as many as a service has
	}
	c.list = append(c.list, v1alpha1.Condition{Type: typ, Status: status, Reason: string(because.reason), Message: because.message, LastTransitionTime: at, ObservedGeneration: c.generation})
}

// truth is True or False.
func truth(b bool) string {
	if b {
		return v1alpha1.True
	}
	return v1alpha1.False
}

func (w *world) experimentStatus(x *experiment) v1alpha1.ExperimentStatus {
	before := newBefore(w.o.Previous[x.Name])
	st := v1alpha1.ExperimentStatus{Name: x.Name, Site: x.Site, Revision: x.Revision, Generation: x.Generation, Suspended: x.Suspend,
		Deleting: x.Deleting, Observed: w.o.Now}
	st.Services = make([]v1alpha1.ServiceStatus, 0, len(x.services))
	for _, s := range x.services {
		st.Services = append(st.Services, w.serviceStatus(x, s, before))
	}
	for _, b := range x.Benchmarks {
		st.Benchmarks = append(st.Benchmarks, w.benchmarkStatus(x, b, before))
	}
	st.Schedule = w.scheduleStatus(x)
	for _, r := range x.runs {
		st.Runs = append(st.Runs, w.runStatus(r, before.runs[r.ID]))
	}
	c := &conditions{w: w, generation: x.Generation, before: w.o.Previous[x.Name].Conditions}
	w.summarize(x, st, c)
	w.spendingStatus(x, &st, c)
	if status, because := w.synced(x); because.set() { // source.go
		c.set(v1alpha1.Synced, status, because)
	}
	st.Conditions = c.list
	return st
}

// summarize derives the experiment's conditions from those of its parts.
func (w *world) summarize(x *experiment, st v1alpha1.ExperimentStatus, c *conditions) {
	status, ready, stalled := ofServices(x, st)
	if x.lost.set() {
		stalled = x.lost
	}
	if !stalled.set() {
		stalled = w.stuckRun(x)
	}
	if !stalled.set() && !x.frees() && !slices.ContainsFunc(x.runs, func(r *Run) bool { return active(r) && r.Nonce != "" }) {
		stalled = x.unrun
	}
	occupied := x.occupied
	if x.released.set() {
		status, ready = v1alpha1.False, x.released
	}
	if x.blocked != "" {
		stalled = cause{PruneGuard, x.blocked}
	}
	if x.unknownJobs > 0 && status == v1alpha1.True {
		ready.message += fmt.Sprintf("; %d unknown job(s) carry its mark: they are reported, not cancelled", x.unknownJobs)
	}
	runs := len(x.wants) > 0 && !x.allDone()
	complete, pending := status == v1alpha1.True && !runs, cause{InProgress, "services or runs are not done yet"}
	if extra := occupied - w.filled(x); complete && extra > 0 {
		complete, pending = false, cause{Releasing, fmt.Sprintf("%d job(s) that are no longer wanted are still ending", extra)}
	}
	if x.released.set() {
		complete, runs = occupied == 0 && !w.runningRuns(x), false
		pending = cause{Releasing, fmt.Sprintf("%d job(s) are still ending", occupied)}
		if because := w.loose(x); x.Deleting && complete && because.set() {
			complete, pending = false, because
		}
	}
	settled := cause{Settled, "everything is as declared"}
	done := settled
	if !complete {
		done = pending
	}
	c.set(v1alpha1.Ready, status, ready)
	switch {
	case stalled.set():
		c.set(v1alpha1.Reconciling, v1alpha1.False, stalled)
	case !w.known:
		c.set(v1alpha1.Reconciling, v1alpha1.Unknown, cause{SchedulerUnreachable, w.o.Listing.Err})
	default:
		c.set(v1alpha1.Reconciling, truth(!complete), done)
	}
	if !stalled.set() {
		c.set(v1alpha1.Stalled, v1alpha1.False, cause{NotStalled, ""})
	} else {
		c.set(v1alpha1.Stalled, v1alpha1.True, stalled)
	}
	c.set(v1alpha1.Complete, truth(complete), done)
}

// ofServices is whether every service is Ready, with the first cause, and what the first stalled one waits for.
func ofServices(x *experiment, st v1alpha1.ExperimentStatus) (status string, ready, stalled cause) {
	status, ready = v1alpha1.True, cause{AllReady, "every service is Ready"}
	for _, s := range st.Services {
		r, stall := v1alpha1.Find(s.Conditions, v1alpha1.Ready), v1alpha1.Find(s.Conditions, v1alpha1.Stalled)
		if stall.Status == v1alpha1.True && !stalled.set() && !x.movesOn {
			stalled = cause{Reason(stall.Reason), s.Name + ": " + stall.Message}
		}
		if r.Status != v1alpha1.True && status != v1alpha1.Unknown {
			if status == v1alpha1.True || r.Status == v1alpha1.Unknown {
				status, ready = r.Status, cause{Reason(r.Reason), s.Name + ": " + r.Message}
			}
		} else if status == v1alpha1.True && ready.reason == AllReady && unheard(Reason(r.Reason)) {
			ready = cause{Reason(r.Reason), s.Name + ": " + r.Message}
		}
	}
	return status, ready, stalled
}

// stuckRun says why the job of an active run neither runs nor ends until a person acts.
func (w *world) stuckRun(x *experiment) cause {
	for _, r := range x.runs {
		if because := w.stuck(w.job(r.Nonce)); active(r) && because.set() {
			return cause{because.reason, r.Benchmark + ": " + because.message}
		}
	}
	return cause{}
}

// filled counts the wanted seats that have a job.
func (w *world) filled(x *experiment) int {
	n := 0
	for _, alloc := range x.allocs {
		for _, seat := range alloc.seats {
			if seat.attempt != nil && seat.attempt.End == nil {
				n++
			}
		}
	}
	return n
}

func (w *world) runningRuns(x *experiment) bool { return slices.ContainsFunc(x.runs, active) }

func (w *world) benchmarkStatus(x *experiment, b Benchmark, before before) v1alpha1.BenchmarkStatus {
	st := v1alpha1.BenchmarkStatus{Name: b.Name, Target: b.Target, Runs: x.skipped[b.Name]}
	failed, invalid := cause{}, cause{}
	for _, i := range x.wantsOf[b.Name] {
		st.Runs++
		x.endedOf(x.wants[i].key, func(r EndedRun) {
			if !counts(r.Phase) {
				return
			}
			st.Done++
			switch {
			case r.Phase == v1alpha1.RunFailed:
				failed = cause{r.Reason, fmt.Sprintf("run %s: %s", r.ID, r.Message)}
				st.Failed++
			case r.Invalid && !r.Trial.missed():
				invalid = cause{InvalidRun, fmt.Sprintf("run %s: %s%s", r.ID, r.Message, retriesUsed(r, b))}
			}
		})
	}
	st.Searches = x.searchStatus(b.Name)
	c := &conditions{w: w, generation: x.Generation, before: before.benchmarks[b.Name]}
	progress := cause{RunsEnded, fmt.Sprintf("%d of %d runs have ended", st.Done, st.Runs)}
	if why := x.decided[b.Name]; why != "" {
		progress.message += "; " + why
	}
	if found := searchProgress(st.Searches); found.set() {
		progress = found
	}
	if st.Done < st.Runs {
		progress.reason = InProgress
		if because := x.waits[b.Name]; because.set() {
			progress = because
		}
	}
	c.set(v1alpha1.Complete, truth(st.Done == st.Runs && !failed.set()), progress)
	if failed.set() {
		c.set(v1alpha1.Failed, v1alpha1.True, failed)
	} else {
		c.set(v1alpha1.Failed, v1alpha1.False, cause{NoFailure, ""})
	}
	switch {
	case invalid.set():
		c.set(v1alpha1.Valid, v1alpha1.False, invalid)
	case st.Done == 0 || failed.set():
		c.set(v1alpha1.Valid, v1alpha1.Unknown, cause{NoResult, "no run has a result to judge"})
	default:
		c.set(v1alpha1.Valid, v1alpha1.True, cause{AllValid, "every ended run is valid"})
	}
	st.Conditions = c.list
	return st
}
