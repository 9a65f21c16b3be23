package plan

import (
	"fmt"
	"slices"
	"time"

	"assay/drivers"
)

// leaves says that what is left of a job's walltime is too little for a run. What counts ends at the scheduler's first signal.
func (w *world) leaves(j *drivers.Job, limit time.Duration) cause {
	if j == nil || j.UsableUntil().IsZero() {
		return cause{}
	}
	left := max(0, j.UsableUntil().Sub(w.o.Now))
	if left >= limit {
		return cause{}
	}
	return cause{WaitingForWalltime, fmt.Sprintf("job %s has %s left and a run can take %s; give the service more time or the benchmark a shorter timeout",
		j.ID, left.Round(time.Second), limit)}
}

// emptyJobs is how many jobs in a row can reach their walltime without any run, before a run that waits for walltime is
// given up: it would wait for ever, and burn one job after the other.
const emptyJobs = 2

// neverFits says that a run waits for walltime in vain: the target's last jobs, of this very revision, went by from their
// start to their walltime, and nothing was measured in them.
func (w *world) neverFits(x *experiment, want *wantedRun) cause {
	target := x.service[want.Target]
	if len(target.replicas) == 0 {
		return cause{}
	}
	ended := w.ended[target.replicas[0].id.Place()]
	if len(ended) < emptyJobs {
		return cause{}
	}
	for _, a := range ended[len(ended)-emptyJobs:] {
		if a.End.Reason != TimeLimit && a.End.Reason != HandedOver || a.Revision != x.Revision || w.measured(x, want.Target, a) {
			return cause{}
		}
	}
	return cause{RunTooLong, fmt.Sprintf("a run can take %s, and the last %d jobs of %s reached their walltime without leaving that much", want.Timeout, emptyJobs, want.Target)}
}

// measured reports whether a run against a target was begun while a job lived. A later one that has ended counts too: a target
// that is measured now is not one that no run fits.
func (w *world) measured(x *experiment, target string, a *Attempt) bool {
	return x.past.begunAfter(target, a.Begun) || slices.ContainsFunc(x.runs, func(r *Run) bool {
		return r.Target == target && r.Created.After(a.Begun) && r.Created.Before(a.End.At)
	})
}
