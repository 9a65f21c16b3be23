package plan

import (
	"fmt"
	"strings"

	"assay/drivers"
)

// serve decides on one wanted seat: submit, keep, change in place, or replace.
func (w *world) serve(x *experiment, alloc *allocation, seat *seat) {
	if x.released.set() || x.blocked != "" {
		return
	}
	if seat.attempt == nil {
		seat.wait, seat.stalled = w.backoff(alloc, seat)
		if because := w.held(alloc, seat); because.set() && !seat.stalled.set() {
			seat.wait = because
		}
		if x.held.set() {
			seat.wait = x.held
		}
		if because := w.affords(x, alloc.holds, alloc.job.Time); because.set() && !seat.wait.set() && !seat.stalled.set() {
			x.refuse(because)
			if seat.wait = because; !x.frees() {
				seat.stalled = because
			}
		}
	}
	switch {
	case !w.known:
	case seat.attempt == nil && (w.busy(seat.id) || w.busy(seat.id.Twin())):
		alloc.explain(seat, cause{Submitting, "its last job is being put away, or its next one is being submitted"})
	case seat.attempt != nil:
		w.keep(alloc, seat)
		for _, s := range alloc.members {
			if because := w.heldBack(x, s, seat); because.set() {
				s.replicas[seat.id.Slot].cause = because
			}
		}
	case seat.stalled.set():
		alloc.explain(seat, seat.stalled)
	case seat.wait.set():
		alloc.explain(seat, seat.wait)
	default:
		w.submit(x, alloc, seat)
	}
}

// explain gives every service of a seat the same reason.
func (alloc *allocation) explain(seat *seat, because cause) {
	for _, s := range alloc.members {
		s.replicas[seat.id.Slot].cause = because
	}
}

// submit fills a free seat once one of its services can start. The others join it in the job.
func (w *world) submit(x *experiment, alloc *allocation, seat *seat) {
	ready := false
	for _, s := range alloc.members {
		if because := w.heldBack(x, s, seat); because.set() {
			s.replicas[seat.id.Slot].cause = because
		} else {
			ready = true
		}
	}
	if !ready {
		return
	}
	reason, message := Declared, "it is declared and no job runs for it"
	if last := w.last(seat.id); last != nil {
		reason, message = Replacement, fmt.Sprintf("the last job ended: %s (%s)", last.End.Reason, last.End.Message)
		if last.End.Reason == ScaledDown {
			reason, message = ScaledUp, fmt.Sprintf("%d replicas are wanted again", alloc.slots)
		}
	}
	message = w.ask(x, alloc, seat, w.renewals(alloc, seat.id), cause{reason, message})
	if w.o.Reading {
		alloc.explain(seat, cause{NoJob, message})
		return
	}
	alloc.explain(seat, cause{Submitting, message})
}

// ask submits a job into a free seat, and returns why in full.
func (w *world) ask(x *experiment, alloc *allocation, seat *seat, renewals int, because cause) string {
	job := alloc.job
	job.Tag = drivers.Tag{Store: w.d.Store, Seat: seat.id, Revision: x.Revision}
	job.Name = job.Tag.JobName()
	message := because.message + w.avoid(&job)
	desired := w.toldAll(x, "")
	desired.Processes = w.processes(x, alloc, seat)
	a := &Attempt{Seat: seat.id, Experiment: x.Name, Revision: x.Revision, Renewals: renewals, Before: w.earlier(seat.id)}
	alloc.record(a)
	x.reserve(alloc.holds, job.Time)
	w.do(Action{Verb: Submit, Experiment: x.Name, Object: "service/" + alloc.name, Seat: seat.id, Reason: because.reason, Message: message,
		Job: &job, Desired: &desired, Attempt: a})
	return message
}

// heldBack says why a service does not start in a seat yet. One that is in the agent's desired state is not held back.
func (w *world) heldBack(x *experiment, s *service, seat *seat) cause {
	if seat.attempt != nil && seat.runs(s.Name) {
		return cause{}
	}
	for _, dep := range s.DependsOn {
		if !w.available(x, dep) {
			return cause{WaitingForDependency, fmt.Sprintf("it starts once %s is Ready", dep)}
		}
	}
	for _, p := range s.Processes {
		for _, path := range p.Needs {
			if w.o.Absent[path] {
				return cause{Missing, fmt.Sprintf("%s does not exist; fetch the images of the manifest: assay pull -f FILE", path)}
			}
		}
	}
	return cause{}
}

// keep decides on a seat that has a job: leave it, change it in place, or cancel it.
func (w *world) keep(alloc *allocation, seat *seat) {
	a := seat.attempt
	switch because := w.unrecoverable(alloc, seat); {
	case a.unknown():
	case a.Cancelled != "":
		w.cancel(a, cause{a.Cancelled, ""})
	case !alloc.fits(a):
		w.cancel(a, cause{Reallocated, "the declared allocation changed, which needs a new job"})
	case because.set():
		if wait := w.spend(alloc, seat); wait.set() {
			alloc.explain(seat, cause{wait.reason, strings.TrimRight(because.message, ": ") + "; " + wait.message})
			return
		}
		w.cancel(a, because)
	case w.changesInPlace(alloc, seat):
		w.reconfigure(alloc, seat)
	}
}

// processes are what a seat's agent should run: those of every service that can start, each with a data directory of its
// own.
func (w *world) processes(x *experiment, alloc *allocation, seat *seat) []drivers.Process {
	var out []drivers.Process
	for _, s := range alloc.members {
		if w.heldBack(x, s, seat).set() {
			continue
		}
		for _, p := range s.Processes {
			if p.Data != "" {
				p.Owner = fmt.Sprintf("%s %s/%s", w.d.Store, x.Name, s.Name)
				p.Data = strings.TrimSuffix(p.Data, "/") + fmt.Sprintf("/%d", seat.id.Slot)
			}
			if p.Targets != "" {
				p.Files = append(p.Files[:len(p.Files):len(p.Files)], drivers.File{Path: p.Targets, Content: w.scrapeList()})
			}
			if p.Upstreams != "" {
				p.Files = append(p.Files[:len(p.Files):len(p.Files)], drivers.File{Path: p.Upstreams, Content: drivers.UpstreamText(w.upstreams(x, s))})
			}
			out = append(out, p)
		}
	}
	return out
}
