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
)

// judge sets what is Ready of a service, seat by seat.
func (w *world) judge(x *experiment, s *service) {
	for _, t := range s.seats {
		t.ready, t.why = w.readiness(s, t)
	}
}

// readiness goes through what a seat needs to be Ready, in the order in which it comes about: the first thing missing is the reason.
func (w *world) readiness(s *service, t *seat) (string, why) {
	const no, unknown = v1alpha1.False, v1alpha1.Unknown
	a := t.attempt
	switch {
	case !w.known:
		return unknown, why{"SchedulerUnreachable", w.o.Listing.Err}
	case a == nil:
		return no, why{"NoJob", "no job runs for it"}
	case a.Cancelled != "":
		return no, why{"Stopping", "its job is being cancelled: " + a.Cancelled}
	case a.Alloc != s.Alloc:
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
	case t.proc == nil || t.proc.Fingerprint != s.Proc:
		return no, why{"Converging", "the process of this revision has not started yet"}
	}
	return processReady(s, t)
}

// processReady judges what the agent says of the process.
func processReady(s *service, t *seat) (string, why) {
	p := t.proc
	switch {
	case p.Phase == drivers.PhaseReady && p.PhaseFor.Std() < s.StableFor:
		return v1alpha1.False, why{"Stabilizing", fmt.Sprintf("its probes have passed for %s of %s", p.PhaseFor.Std().Round(time.Second), s.StableFor)}
	case p.Phase == drivers.PhaseReady && s.Model != "" && len(p.Models) > 0 && !slices.Contains(p.Models, s.Model):
		return v1alpha1.False, why{"ModelMismatch", fmt.Sprintf("it serves %s, not %s", strings.Join(p.Models, ", "), s.Model)}
	case p.Phase == drivers.PhaseReady:
		return v1alpha1.True, why{"Ready", "all probes pass"}
	}
	return v1alpha1.False, why{p.Phase, strings.TrimSpace(p.Reason + " " + p.Message)}
}

// hopeless says why a running job has to be ended: its server does not come up, or nobody watches it any more.
func (w *world) hopeless(s *service, t *seat) why {
	if t.attempt.Cancelled != "" || t.job == nil || t.job.State != drivers.JobRunning {
		return why{}
	}
	switch p := t.proc; {
	case t.agent.StillFor > 3*w.d.Policy.Stale:
		return why{AgentLost, fmt.Sprintf("the agent has not moved for %s", t.agent.StillFor.Round(time.Second))}
	case p == nil || p.Fingerprint != s.Proc:
		return why{}
	case p.Phase == drivers.PhaseFailed && p.Reason == CommandNotFound:
		return why{CommandNotFound, p.Message}
	case p.Phase == drivers.PhaseFailed:
		return why{CrashLoop, strings.TrimSpace(fmt.Sprintf("the server failed for good: %s %s", p.Reason, p.Message))}
	case p.Phase == drivers.PhaseStarting && !p.WasReady && p.PhaseFor.Std() > s.Within:
		return why{ReadinessDeadline, fmt.Sprintf("not ready within %s: %s %s", s.Within, p.Reason, p.Message)}
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
		for _, t := range s.seats {
			if t.ready != v1alpha1.True {
				return false
			}
		}
		return len(s.seats) > 0 // nobody can use a service with no replica
	}
	return false
}
