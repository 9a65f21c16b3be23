package plan

import (
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const (
	rememberedStarts = 8                // jobs of each place, beside the present one
	unmeasured       = 10 * time.Minute // for a start that no job shows
)

// starts is how long the queue and the servers took, at most, for the present job of an allocation and the last ones.
type starts struct {
	queued, start time.Duration
	jobs          int // of which it is known
}

// pastStarts looks at the jobs that asked for the same (partition, account, QOS), and for the start at those that ran the same. What
// is kept of each is in its attempt's End, so it is known for as many as the journal keeps.
func (w *world) pastStarts(alloc *allocation, lead *seat) starts {
	s := starts{queued: queuedFor(lead.attempt, lead.job).Std(), start: startOf(lead.agent).Std(), jobs: 1}
	for _, seat := range alloc.seats {
		ended := w.ended[seat.id.Place()]
		for _, a := range ended[max(0, len(ended)-rememberedStarts):] {
			if a.Base != lead.attempt.Base || a.End == nil || a.End.Queued == 0 && a.End.Start == 0 {
				continue
			}
			s.queued, s.jobs = max(s.queued, a.End.Queued.Std()), s.jobs+1
			if a.End.Spec == alloc.spec && a.Spec == lead.attempt.Spec {
				s.start = max(s.start, a.End.Start.Std())
			}
		}
	}
	if s.start == 0 {
		s.start = unmeasured
	}
	return s
}

// queuedFor is how long a job waited for its nodes; 0: not known.
func queuedFor(a *Attempt, j *drivers.Job) drivers.Seconds {
	if a == nil || j == nil || j.Started.IsZero() || a.Submitted.IsZero() {
		return 0
	}
	return drivers.SecondsOf(max(0, j.Started.Sub(a.Submitted)))
}

// startOf is how long the servers of a job took from its agent's start until all were Ready for the first time; 0: not known.
func startOf(agent Agent) (took drivers.Seconds) {
	if agent.State == nil {
		return 0
	}
	for _, p := range agent.State.Processes {
		switch {
		case p.Startup != nil:
			took = max(took, p.Startup.Total())
		case p.Phase == drivers.PhaseReady && p.Restarts == 0: // of an agent that does not say it
			took = max(took, drivers.SecondsOf((agent.lived() - p.PhaseFor.Std()).Round(10*time.Second)))
		default:
			return 0
		}
	}
	return took
}

// renewalStatus is what is shown of the end of a seat's walltime; nil where there is none, or nothing is measured yet.
func (w *world) renewalStatus(alloc *allocation, lead *seat) *v1alpha1.RenewalStatus {
	if a, j := lead.attempt, lead.job; alloc == nil || a == nil || j == nil || j.State != drivers.JobRunning || j.UsableUntil().IsZero() || !lead.agent.serves() {
		return nil
	}
	s := w.pastStarts(alloc, lead)
	return &v1alpha1.RenewalStatus{Policy: alloc.renew.policy(), Queued: v1alpha1.Duration(s.queued), Start: v1alpha1.Duration(s.start), Jobs: s.jobs,
		Before: v1alpha1.Duration(w.before(alloc, lead)), Done: lead.attempt.spent(), Times: alloc.renew.Times, Extended: lead.attempt.Extended, Refused: lead.attempt.Unextended}
}
