package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// judge sets what is Ready of a service, replica by replica.
func (w *world) judge(x *experiment, s *service) {
	s.allReady = len(s.replicas) > 0
	for _, replica := range s.replicas {
		replica.ready, replica.cause = w.readiness(s, replica)
		replica.givenUp = w.givenUp(s, replica)
		s.allReady = s.allReady && replica.ready == v1alpha1.True
	}
	for _, replica := range s.twins {
		if replica != nil {
			replica.ready, replica.cause = w.readiness(s, replica)
			replica.givenUp = w.givenUp(s, replica)
		}
	}
}

// readiness checks what a replica needs to be Ready, in the order in which it comes about: the first thing missing is the reason.
func (w *world) readiness(s *service, replica *replica) (string, cause) {
	const no, unknown = v1alpha1.False, v1alpha1.Unknown
	a := replica.attempt
	switch {
	case !w.known:
		return unknown, cause{SchedulerUnreachable, w.o.Listing.Err}
	case a == nil:
		return no, cause{NoJob, "no job runs for it"}
	case a.unknown():
		return unknown, cause{DamagedRecord, a.Damaged}
	case a.Cancelled != "":
		return no, cause{Stopping, "its job is being cancelled: " + string(a.Cancelled)}
	case !s.of.fits(a):
		return no, cause{Reallocating, "the declared allocation changed, which needs a new job"}
	case replica.job == nil:
		return no, cause{Submitting, "its job is not listed yet"}
	case replica.job.State == drivers.JobUnknown:
		return unknown, w.notRunning(replica.job, replica.agent)
	case replica.job.State != drivers.JobRunning:
		return no, w.notRunning(replica.job, replica.agent)
	case replica.agent.Err != "" && replica.agent.State == nil:
		return unknown, cause{AgentUnreadable, replica.agent.Err}
	case replica.agent.State == nil && replica.agent.NoNews != "":
		return unknown, cause{AgentUnreadable, replica.agent.NoNews}
	case replica.agent.State == nil:
		return no, cause{AgentStarting, fmt.Sprintf("job %s runs; its agent has not reported yet", replica.job.ID)}
	case replica.agent.ended(): // one that was killed and started again leaves what it ran as it was
		return no, cause{AgentEnded, fmt.Sprintf("nothing runs in job %s any more: its agent ended (%s)", replica.job.ID, replica.agent.State.End.Reason)}
	case replica.agent.State.Generation < replica.agent.Desired.Since:
		return no, cause{Converging, "the agent has not acted on the last change yet"}
	}
	for i, p := range replica.procs {
		if because := processReady(s, s.Processes[i], p); because.set() {
			return no, because
		}
	}
	return w.observed(replica)
}

// observed says how a replica that was reported as Ready is observed now. One whose agent is not heard is Ready as long as
// its servers answer from here.
func (w *world) observed(replica *replica) (string, cause) {
	because, _ := w.hear(replica.seat)
	for _, p := range replica.procs {
		if doubt, doubted := replica.agent.Doubts[p.Name]; doubted && !because.set() {
			return v1alpha1.Unknown, cause{AgentSilent, fmt.Sprintf("the agent of job %s is silent, and its server does not answer from here: %s", replica.job.ID, doubt)}
		} else if doubted {
			return v1alpha1.Unknown, because
		}
	}
	switch {
	case !because.set():
		return v1alpha1.True, cause{Ready, "all probes pass"}
	case replica.agent.Servers == Answers:
		return v1alpha1.True, because
	}
	return v1alpha1.Unknown, because
}

// unheard reports whether a reason is about a source of news, and not about what it tells of.
func unheard(r Reason) bool {
	switch r {
	case AgentSilent, AgentUnreadable, HeartbeatsAtFault, ProbesAtFault:
		return true
	}
	return false
}

// processReady judges one process as its agent reports it. The component is named when there are several.
func processReady(s *service, want drivers.Process, p *drivers.ProcessState) cause {
	name := component(s, want)
	switch {
	case p == nil || p.Fingerprint != want.Fingerprint:
		return cause{Converging, name + "the process of this revision has not started yet"}
	case p.Phase == drivers.PhaseReady && p.PhaseFor.Std() < s.StableFor:
		return cause{Stabilizing, fmt.Sprintf("%sits probes have passed for %s of %s", name, p.PhaseFor.Std().Round(time.Second), s.StableFor)}
	case p.Phase == drivers.PhaseReady && s.Model != "" && len(p.Models) > 0 && !slices.Contains(p.Models, s.Model):
		return cause{ModelMismatch, fmt.Sprintf("%sit serves %s, not %s", name, strings.Join(p.Models, ", "), s.Model)}
	case p.Phase == drivers.PhaseReady:
		return cause{}
	}
	return cause{Reason(p.Phase), strings.TrimSpace(name + strings.TrimSpace(p.Reason+" "+p.Message))}
}

// component names a process of a service of several, with a colon.
func component(s *service, p drivers.Process) string {
	if len(s.Processes) < 2 {
		return ""
	}
	return strings.TrimPrefix(p.Name, s.Name+".") + ": "
}

// unrecoverable says why a running job has to be ended: its agent is lost, or all of its services were given up.
func (w *world) unrecoverable(alloc *allocation, seat *seat) cause {
	if seat.attempt.Cancelled != "" || seat.job == nil || seat.job.State != drivers.JobRunning {
		return cause{}
	}
	if because, gone := w.hear(seat); gone {
		return because
	}
	first := cause{}
	for _, s := range alloc.members {
		because := s.in(seat).givenUp
		if !because.set() {
			return cause{}
		}
		if !first.set() {
			first = because
		}
	}
	return first
}

// givenUp says why a service will not come up in its running job: only another spec or another job can help.
func (w *world) givenUp(s *service, replica *replica) cause {
	if replica.attempt == nil || replica.attempt.Cancelled != "" || replica.job == nil || replica.job.State != drivers.JobRunning {
		return cause{}
	}
	for i, p := range replica.procs {
		name := component(s, s.Processes[i])
		switch {
		case p == nil || p.Fingerprint != s.Processes[i].Fingerprint:
		case p.Phase == drivers.PhaseFailed && hopeless(Reason(p.Reason)):
			return cause{Reason(p.Reason), name + p.Message}
		case p.Phase == drivers.PhaseFailed:
			return cause{CrashLoop, strings.TrimSpace(fmt.Sprintf("%sthe server failed for good: %s %s", name, p.Reason, p.Message))}
		case p.Phase == drivers.PhaseStarting && (p.Anew || !p.WasReady) && p.PhaseFor.Std() > s.Within:
			return cause{ReadinessDeadline, fmt.Sprintf("%snot ready within %s: %s %s", name, s.Within, p.Reason, p.Message)}
		}
	}
	return cause{}
}

// hopeless reports whether a server fails for a reason that another job would meet as well.
func hopeless(r Reason) bool {
	return r == CommandNotFound || r == Missing || r == InsecureRay || r == PortTaken
}

// available reports whether every replica of a service is Ready; an external one when its probe passes.
func (w *world) available(x *experiment, name string) bool {
	s := x.service[name]
	switch {
	case s == nil:
		return false
	case s.URL != "":
		e, seen := w.o.Externals[x.Name+"/"+name]
		return seen && e.Ready
	case s.Lustre != nil:
		return w.folderReady(x, s).status == v1alpha1.True
	}
	return s.allReady
}
