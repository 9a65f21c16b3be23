package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Reasons for which assay ends a job because the service failed; they count towards the restart limit.
const (
	ReadinessDeadline = "ReadinessDeadline"
	CrashLoop         = "CrashLoop"
	AgentLost         = "AgentLost"
	CommandNotFound   = "CommandNotFound" // the agent's word; another job would not find it either
	Missing           = "Missing"         // likewise, of a path that a process needs
)

// judge sets what is Ready of a service, place by place.
func (w *world) judge(x *experiment, s *service) {
	for _, t := range s.places {
		t.ready, t.why = w.readiness(s, t)
		t.given = w.givenUp(s, t)
	}
}

// readiness goes through what a place needs to be Ready, in the order in which it comes about: the first thing missing is the reason.
func (w *world) readiness(s *service, t *place) (string, why) {
	const no, unknown = v1alpha1.False, v1alpha1.Unknown
	a := t.attempt
	switch {
	case !w.known:
		return unknown, why{"SchedulerUnreachable", w.o.Listing.Err}
	case a == nil:
		return no, why{"NoJob", "no job runs for it"}
	case a.Cancelled != "":
		return no, why{"Stopping", "its job is being cancelled: " + a.Cancelled}
	case !s.of.fits(a):
		return no, why{"Reallocating", "the declared allocation changed, which needs a new job"}
	case t.job == nil:
		return no, why{"Submitting", "its job is not listed yet"}
	case t.job.State == drivers.JobPending:
		return no, why{"Pending", fmt.Sprintf("job %s waits: %s", t.job.ID, cmp.Or(t.job.Reason, "the scheduler says no reason"))}
	case t.job.State != drivers.JobRunning:
		return no, why{string(t.job.State), fmt.Sprintf("job %s is %s", t.job.ID, t.job.State)}
	case t.agent.Err != "":
		return unknown, why{"AgentUnreadable", t.agent.Err}
	case t.agent.State == nil:
		return no, why{"AgentStarting", fmt.Sprintf("job %s runs; its agent has not reported yet", t.job.ID)}
	case t.agent.StillFor > w.d.Policy.Stale:
		return unknown, why{AgentLost, fmt.Sprintf("the agent of job %s has not moved for %s", t.job.ID, t.agent.StillFor.Round(time.Second))}
	case t.agent.State.Generation != t.agent.Desired.Generation:
		return no, why{"Converging", "the agent has not acted on the last change yet"}
	}
	for i, p := range t.procs {
		if y := processReady(s, s.Processes[i], p); y.set() {
			return no, y
		}
	}
	return v1alpha1.True, why{"Ready", "all probes pass"}
}

// processReady judges what the agent says of one process. The component is named when there are several.
func processReady(s *service, want drivers.Process, p *drivers.ProcessState) why {
	name := component(s, want)
	switch {
	case p == nil || p.Fingerprint != want.Fingerprint:
		return why{"Converging", name + "the process of this revision has not started yet"}
	case p.Phase == drivers.PhaseReady && p.PhaseFor.Std() < s.StableFor:
		return why{"Stabilizing", fmt.Sprintf("%sits probes have passed for %s of %s", name, p.PhaseFor.Std().Round(time.Second), s.StableFor)}
	case p.Phase == drivers.PhaseReady && s.Model != "" && len(p.Models) > 0 && !slices.Contains(p.Models, s.Model):
		return why{"ModelMismatch", fmt.Sprintf("%sit serves %s, not %s", name, strings.Join(p.Models, ", "), s.Model)}
	case p.Phase == drivers.PhaseReady:
		return why{}
	}
	return why{p.Phase, strings.TrimSpace(name + strings.TrimSpace(p.Reason+" "+p.Message))}
}

// component names a process of a service of several, with a colon.
func component(s *service, p drivers.Process) string {
	if len(s.Processes) < 2 {
		return ""
	}
	return strings.TrimPrefix(p.Name, s.Name+".") + ": "
}

// hopeless says why a running job has to be ended: nobody watches it any more, or none of its services comes up.
func (w *world) hopeless(al *allocation, t *seat) why {
	if t.attempt.Cancelled != "" || t.job == nil || t.job.State != drivers.JobRunning {
		return why{}
	}
	if t.agent.StillFor > 3*w.d.Policy.Stale {
		return why{AgentLost, fmt.Sprintf("the agent has not moved for %s", t.agent.StillFor.Round(time.Second))}
	}
	first := why{}
	for _, s := range al.members {
		y := s.places[t.id.Slot].given
		if !y.set() {
			return why{}
		}
		if !first.set() {
			first = y
		}
	}
	return first
}

// givenUp says why a service will not come up in a job that runs. Only another spec, or another job, helps.
func (w *world) givenUp(s *service, t *place) why {
	if t.attempt == nil || t.attempt.Cancelled != "" || t.job == nil || t.job.State != drivers.JobRunning {
		return why{}
	}
	for i, p := range t.procs {
		name := component(s, s.Processes[i])
		switch {
		case p == nil || p.Fingerprint != s.Processes[i].Fingerprint:
		case p.Phase == drivers.PhaseFailed && (p.Reason == CommandNotFound || p.Reason == Missing):
			return why{p.Reason, name + p.Message}
		case p.Phase == drivers.PhaseFailed:
			return why{CrashLoop, strings.TrimSpace(fmt.Sprintf("%sthe server failed for good: %s %s", name, p.Reason, p.Message))}
		case p.Phase == drivers.PhaseStarting && !p.WasReady && p.PhaseFor.Std() > s.Within:
			return why{ReadinessDeadline, fmt.Sprintf("%snot ready within %s: %s %s", name, s.Within, p.Reason, p.Message)}
		}
	}
	return why{}
}

// available reports whether every replica of a service is Ready; an external one when its probe passes.
func (w *world) available(x *experiment, name string) bool {
	for _, s := range x.services {
		if s.Name != name {
			continue
		}
		if s.URL != "" {
			e, seen := w.o.Externals[x.Name+"/"+name]
			return seen && e.Ready
		}
		if s.Lustre != nil {
			return w.folderReady(x, s).status == v1alpha1.True
		}
		for _, t := range s.places {
			if t.ready != v1alpha1.True {
				return false
			}
		}
		return len(s.places) > 0 // nobody can use a service with no replica
	}
	return false
}
