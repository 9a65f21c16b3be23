package plan

import (
	"fmt"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
)

func active(r *Run) bool { return r.Phase == v1alpha1.RunPending || r.Phase == v1alpha1.RunRunning }

// ended reports whether a key has its result, good or bad, and so is never run again.
func (x *experiment) ended(key string) bool {
	return slices.ContainsFunc(x.byKey[key], func(r *Run) bool { return r.Phase == v1alpha1.RunComplete || r.Phase == v1alpha1.RunFailed })
}

// allDone reports whether there are runs to do and every one has ended.
func (x *experiment) allDone() bool {
	for i := range x.wants {
		if !x.ended(x.wants[i].key) {
			return false
		}
	}
	return len(x.wants) > 0
}

// supersede ends runs that the newest revision changes or no longer asks for. They are kept and not counted.
func (w *world) supersede(x *experiment) {
	if !slices.ContainsFunc(x.runs, active) {
		return
	}
	wanted := make(map[string]bool, len(x.wants))
	for i := range x.wants {
		wanted[x.wants[i].key] = true
	}
	for _, r := range x.runs {
		if !active(r) || r.Result != nil || wanted[r.Key] && !x.released.set() {
			continue
		}
		w.updateRun(r, v1alpha1.RunSuperseded, cause{Superseded, "a newer revision changed the benchmark or its target"})
		if a := w.attempt[r.Nonce]; a != nil && a.Run == r.ID && w.known {
			w.cancel(a, cause{Superseded, "its run is no longer wanted"})
		}
	}
}

func (w *world) updateRun(r *Run, phase string, because cause) {
	r.Phase, r.Reason, r.Message = phase, because.reason, because.message
	if !active(r) {
		r.Ended = w.o.Now
	}
	c := *r
	w.do(Action{Verb: UpdateRun, Experiment: r.Experiment, Object: "run/" + r.ID, Nonce: r.Nonce, Reason: because.reason, Message: because.message, Run: &c})
}

// concludeAll learns which job executes each run, and how active runs fare.
func (w *world) concludeAll(x *experiment) {
	for _, r := range x.runs {
		news, done := w.attribute(r), len(w.actions)
		if active(r) {
			w.conclude(r)
		}
		if news && len(w.actions) == done {
			w.placed(r)
		}
	}
}

func (w *world) conclude(r *Run) {
	if r.Result != nil {
		w.result(r)
		return
	}
	if r.Nonce == "" {
		return // runjob.go asks for a job
	}
	a := w.attempt[r.Nonce]
	if a == nil || a.End != nil {
		w.lost(r, a)
		return
	}
	if j := w.job(r.Nonce); j != nil && j.State == drivers.JobSuspended && r.Phase == v1alpha1.RunRunning {
		w.disturbed(r, a, cause{JobSuspended, fmt.Sprintf("job %s was suspended while it measured", j.ID)})
		return
	}
	if j := w.job(r.Nonce); j != nil && j.State == drivers.JobRunning && a.Run == r.ID && a.Cancelled == "" {
		if because, gone := w.hear(&seat{id: a.Seat, attempt: a, job: j, agent: w.o.Agents[r.Nonce]}); gone {
			w.disturbed(r, a, because)
			return
		}
	}
	st := w.o.Agents[r.Nonce].State
	if st == nil {
		return
	}
	for _, s := range st.Runs {
		switch {
		case s.ID != r.ID:
		case s.Phase == v1alpha1.RunRunning && r.Phase == v1alpha1.RunPending:
			w.updateRun(r, v1alpha1.RunRunning, cause{Started, "its job has started it"})
		case s.Phase == v1alpha1.RunFailed:
			w.updateRun(r, v1alpha1.RunFailed, cause{SuiteFailed, s.Message})
		}
	}
}

func (w *world) result(r *Run) {
	if r.Result.Error != "" {
		w.updateRun(r, v1alpha1.RunFailed, cause{SuiteFailed, r.Result.Error})
		return
	}
	w.updateRun(r, v1alpha1.RunComplete, cause{Completed, "it has ended and its result is stored"})
}

// disturbed gives a run up whose numbers would be worthless, and the job that was made for it. A result that it still
// writes does not count.
func (w *world) disturbed(r *Run, a *Attempt, because cause) {
	w.updateRun(r, v1alpha1.RunLost, because)
	if a.Run == r.ID && w.known {
		w.cancel(a, because)
	}
}

// lost handles a run whose job ended first: it is tried again as another attempt, Policy.RunAttempts times in all. The end
// of a walltime is no try: the run did not fit into what was left of the job, which says nothing about the run.
func (w *world) lost(r *Run, a *Attempt) {
	message := "the job that ran it is gone"
	if a != nil {
		message = "its job ended first: " + a.End.Message
	}
	if a != nil && a.Run == "" && a.End.Reason == TimeLimit {
		w.updateRun(r, v1alpha1.RunLost, cause{TimeLimit, message})
		return
	}
	if r.Attempt >= w.d.Policy.RunAttempts {
		w.updateRun(r, v1alpha1.RunFailed, cause{Lost, fmt.Sprintf("%s; it happened %d times", message, r.Attempt)})
		return
	}
	w.updateRun(r, v1alpha1.RunLost, cause{Lost, message})
}

// startRun begins the next run of an experiment: one at a time, so that measurements do not disturb each other, except for
// those that are asked for at the same time (together.go).
func (w *world) startRun(x *experiment) {
	if x.released.set() || x.blocked != "" {
		return
	}
	busy := slices.ContainsFunc(x.runs, active)
	for i := range x.wants {
		want := &x.wants[i]
		if x.ended(want.key) || w.begun[want.key] != nil || slices.ContainsFunc(x.byKey[want.key], active) {
			continue
		}
		if want.point != x.point {
			x.wait(want, cause{WaitingForPoint, "another point of the sweep is served first"})
			continue
		}
		if because := x.passes(want.Target); because.set() && !busy {
			x.movesOn = true
			w.create(x, want, nil, cause{TargetStalled, fmt.Sprintf("%s was given up at this point: %s", want.Target, because.message)})
			continue
		}
		set := x.set(want)
		if because := x.alone(set); because.set() && !busy {
			w.create(x, want, nil, because)
			continue
		}
		if because := w.mayStart(x, set, busy); because.set() {
			if never := w.neverFits(x, want); because.reason == WaitingForWalltime && never.set() {
				w.create(x, want, nil, never)
				continue
			}
			x.wait(want, because)
			continue
		}
		busy = true
		for _, m := range set {
			w.create(x, m, set, cause{})
		}
	}
}

// wait notes why a benchmark's next run does not start.
func (x *experiment) wait(want *wantedRun, because cause) {
	if !x.waits[want.Name].set() {
		x.waits[want.Name] = because
	}
}

// mayStart says why runs that start together have to wait.
func (w *world) mayStart(x *experiment, set []*wantedRun, busy bool) cause {
	if busy {
		return cause{WaitingForTurn, "one run at a time: runs of an experiment must not disturb each other"}
	}
	for _, want := range set {
		if because := w.targetOf(x, want); because.set() {
			return because
		}
	}
	return cause{}
}

// targetOf says why a run cannot start on its target yet.
func (w *world) targetOf(x *experiment, want *wantedRun) cause {
	if !w.available(x, want.Target) {
		return cause{WaitingForTarget, want.Target + " is not Ready"}
	}
	target := x.service[want.Target]
	if r := w.using(x, target); r != nil {
		return cause{WaitingForTurn, fmt.Sprintf("run %s of experiment %s measures the same target", r.ID, r.Experiment)}
	}
	for _, replica := range target.replicas {
		if !want.OwnJob && unheard(replica.cause.reason) {
			return cause{WaitingForTarget, fmt.Sprintf("the agent of %s, which would start the run, is not heard", want.Target)}
		}
		if because := w.leaves(replica.job, want); because.set() {
			return because
		}
	}
	return cause{}
}

// runID is the id of the next run of a key, and which try it is. A run that was superseded, suspended or cut by a walltime
// does not count as a try, but it has used an id.
func (x *experiment) runID(want *wantedRun) (id string, tries int) {
	id, tries = fmt.Sprintf("%s-%d-%s", want.Name, want.repeat, want.key[:8]), 1
	for _, r := range x.byKey[want.key] {
		if r.Phase == v1alpha1.RunLost && r.Reason != TimeLimit && r.Reason != JobSuspended {
			tries++
		}
	}
	first := id
	for n := len(x.byKey[want.key]); n > 0 && (id == first || slices.ContainsFunc(x.byKey[want.key], func(r *Run) bool { return r.ID == id })); {
		n++ // it can be in use already when the record of an earlier one is damaged
		id = fmt.Sprintf("%s-%d", first, n)
	}
	return id, tries
}

// create begins a run together with those of its set, or records it as failed for a reason that is known in advance.
func (w *world) create(x *experiment, want *wantedRun, set []*wantedRun, failed cause) {
	target := x.service[want.Target]
	id, tries := x.runID(want)
	r := Run{ID: id, Experiment: x.Name, Benchmark: want.Name, Target: want.Target, Point: want.params, Repeat: want.repeat, Attempt: tries, Key: want.key,
		Revision: x.Revision, Commit: x.Commit, Phase: v1alpha1.RunPending, Limit: drivers.SecondsOf(want.Timeout),
		Simulated: target.Simulated, Created: w.o.Now}
	req := want.Request
	req.Run, req.Experiment, req.Benchmark, req.Repeat, req.Revision, req.Commit = id, x.Name, want.Name, want.repeat, x.Revision, x.Commit
	req.Target, req.Model, req.Simulated, req.Seed = want.Target, target.Model, target.Simulated, want.Request.Seed+int64(want.repeat-1)
	req.Endpoints, req.TokenFile = nil, target.TokenFile()
	for _, m := range set {
		if m.key != want.key {
			partner, _ := x.runID(m)
			req.Overlaps = append(req.Overlaps, partner)
		}
	}
	if failed.set() {
		r.Phase, r.Reason, r.Message, r.Ended = v1alpha1.RunFailed, failed.reason, failed.message, w.o.Now
		w.do(Action{Verb: CreateRun, Experiment: x.Name, Object: "run/" + id, Reason: failed.reason, Message: failed.message, Run: &r, Request: &req})
		return
	}
	if target.URL != "" {
		req.Endpoints = []string{target.URL}
	}
	if target.Lustre != nil {
		req.Directory = target.Lustre.Path
	}
	for i, replica := range target.replicas {
		req.Endpoints = append(req.Endpoints, replica.endpoint().Endpoint)
		if i == 0 && !want.OwnJob {
			r.Nonce, r.JobID, r.Nodes = replica.attempt.Nonce, string(replica.job.ID), replica.job.Nodes
		}
	}
	w.begun[want.key] = &r
	w.uses(x, &r)
	w.do(Action{Verb: CreateRun, Experiment: x.Name, Object: "run/" + id, Nonce: r.Nonce, Reason: TargetReady,
		Message: fmt.Sprintf("%s is Ready and has no run with this key", want.Target), Run: &r, Request: &req})
}
