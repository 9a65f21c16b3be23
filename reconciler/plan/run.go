package plan

import (
	"fmt"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Active reports whether a run has not ended.
func Active(r Run) bool { return active(&r) }

func active(r *Run) bool { return r.Phase == v1alpha1.RunPending || r.Phase == v1alpha1.RunRunning }

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
	if !active(r) && r.Ended.IsZero() {
		r.Ended = w.o.Now
	}
	r.Open = !active(r) && w.jobMayShow(r)
	c, verb := *r, UpdateRun
	if x := w.byName[r.Experiment]; x != nil && x.isPast[r] {
		verb = SetAside
	}
	w.do(Action{Verb: verb, Experiment: r.Experiment, Object: "run/" + r.ID, Nonce: r.Nonce, Reason: because.reason, Message: because.message, Run: &c})
}

// resultStored is the message of a complete run.
const resultStored = "it has ended and its result is stored"

// concludeAll learns which job executes each run, and how active runs fare.
func (w *world) concludeAll(x *experiment) {
	for _, r := range x.runs {
		news, done := w.attribute(r), len(w.actions)
		if active(r) {
			w.conclude(x, r)
		}
		if len(w.actions) == done && (news || r.Open && !w.jobMayShow(r)) {
			w.placed(r)
		}
	}
}

// conclude ends a run that was lost or has a result, and notes that one has started.
func (w *world) conclude(x *experiment, r *Run) {
	if because := w.lossOf(x, r); because.set() {
		w.lost(r, because)
		return
	}
	said, failed := w.agentSays(r)
	switch {
	case !w.known && (failed || r.Result != nil && r.Result.Error != ""):
		return // whether its target is there is not known now, and so not whose fault it is
	case r.Result != nil && r.Result.Error != "":
		w.updateRun(r, v1alpha1.RunFailed, cause{SuiteFailed, r.Result.Error})
	case r.Result != nil:
		if because := w.retries(x, r); because.set() {
			w.updateRun(r, v1alpha1.RunSuperseded, because)
			return
		}
		w.updateRun(r, v1alpha1.RunComplete, cause{Completed, resultStored})
	case failed:
		w.updateRun(r, v1alpha1.RunFailed, cause{SuiteFailed, said.Message})
	case said.Phase == v1alpha1.RunRunning && r.Phase == v1alpha1.RunPending:
		w.updateRun(r, v1alpha1.RunRunning, cause{Started, "its job has started it"})
	}
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
		if x.ended(want.key) || w.begun[want.key] != nil || x.underWay(want.key) {
			continue
		}
		if want.point != x.point {
			x.wait(want, cause{WaitingForPoint, "another point of the sweep is served first"})
			continue
		}
		if want.deployment > max(x.serves[want.Target], 1) {
			x.wait(want, cause{WaitingForTarget, fmt.Sprintf("%s starts anew for its deployment %d first", want.Target, want.deployment)})
			continue
		}
		if because := x.passes(want.Target); because.set() && !busy {
			x.movesOn = true
			w.create(x, want, nil, cause{TargetStalled, fmt.Sprintf("%s was given up at this point: %s", want.Target, because.message)})
			continue
		}
		if because := x.unaffordable(want.Target); because.set() {
			x.wait(want, because)
			continue
		}
		set := x.set(want)
		if last := x.newest(want.key); last != nil && last.Phase == v1alpha1.RunLost && w.together(x, last) {
			continue // all of them follow in the next pass
		}
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

// targetOf says why a run cannot start on its target yet, or not again so soon.
func (w *world) targetOf(x *experiment, want *wantedRun) cause {
	if because := w.pauses(x.newest(want.key)); because.set() {
		return because
	}
	if !w.available(x, want.Target) {
		return cause{WaitingForTarget, want.Target + " is not Ready"}
	}
	for _, replica := range x.service[want.Target].replicas {
		if !want.OwnJob && unheard(replica.cause.reason) {
			return cause{WaitingForTarget, fmt.Sprintf("the agent of %s, which would start the run, is not heard", want.Target)}
		}
		if because := w.leaves(replica.job, want.Timeout); because.set() {
			return because
		}
	}
	return cause{}
}

// runID is the id of the next run of a key, and which attempt it is. Earlier ones can be missing from a list that was put
// back, so their number alone says nothing.
func (x *experiment) runID(want *wantedRun) (id string, attempt int) {
	known := x.ofKey(want.key)
	for attempt = len(known) + 1; ; attempt++ {
		if id = fmt.Sprintf("%s-%d-%s", want.Name, want.repeat, want.key[:8]); attempt > 1 {
			id = fmt.Sprintf("%s-%d", id, attempt)
		}
		if !slices.ContainsFunc(known, func(r *Run) bool { return r.ID == id }) {
			return id, attempt
		}
	}
}

// create records a run together with those of its set, or as failed for a reason that is known in advance. One that runs in
// its target's job and has no other to wait for is told at once where its target is.
func (w *world) create(x *experiment, want *wantedRun, set []*wantedRun, failed cause) {
	target := x.service[want.Target]
	id, attempt := x.runID(want)
	r := Run{ID: id, Experiment: x.Name, Benchmark: want.Name, Target: want.Target, Point: want.params, Repeat: want.repeat, Attempt: attempt, Key: want.key,
		Revision: x.Revision, Commit: x.Commit, Round: x.Round, Phase: v1alpha1.RunPending, Limit: drivers.SecondsOf(want.Timeout),
		Simulated: target.Simulated, Created: w.o.Now}
	r.inherit(x.newest(want.key))
	req := want.Request
	req.Run, req.Experiment, req.Benchmark, req.Repeat, req.Revision, req.Commit = id, x.Name, want.Name, want.repeat, x.Revision, x.Commit
	req.Replays = r.Replays
	req.Target, req.Simulated, req.Seed = want.Target, target.Simulated, want.Request.Seed+want.seed
	r.Seed, r.Decides = req.Seed, want.decides()
	want.aim(&req)
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
	if len(target.replicas) > 0 && !want.OwnJob {
		first, uses := target.replicas[0], target.uses()
		r.Nonce, r.JobID, r.Nodes = first.attempt.Nonce, string(first.job.ID), first.job.Nodes
		if len(set) == 1 && w.holder(x, uses) == nil {
			r.give(target, uses, w.d.ScrapeToken)
			req = req.At(*r.Given)
			w.hold(&r, uses)
		}
	}
	w.begun[want.key] = &r
	message := fmt.Sprintf("%s is Ready and has no run with this key", want.Target)
	if !x.Round.IsZero() {
		message += ": it is measured again by its schedule, for " + x.Round.Format(time.RFC3339)
	}
	w.do(Action{Verb: CreateRun, Experiment: x.Name, Object: "run/" + id, Nonce: r.Nonce, Reason: TargetReady, Message: message, Run: &r, Request: &req})
}
