package plan

import (
	"fmt"
	"strings"
	"time"

	"assay/drivers"
)

// blocks say, for each thing that keeps a pending job from starting, the reason and what to do. %s is the job's id.
var blocks = map[drivers.Block]struct {
	reason  Reason
	message string
}{
	drivers.BlockHeldByUser:  {HeldByUser, "job %[1]s is held: scontrol release %[1]s"},
	drivers.BlockHeldByAdmin: {HeldByAdmin, "job %[1]s is held, and only an administrator can release it"},
	drivers.BlockTooLarge:    {NeverFits, "job %[1]s can never start: it asks for more nodes, devices or time than its partition has"},
	drivers.BlockDependency:  {DependencyNeverSatisfied, "job %[1]s depends on a job that ended otherwise, so it can never start"},
	drivers.BlockPolicy:      {Forbidden, "job %[1]s can never start: its account or qos does not allow it"},
	drivers.BlockLimit:       {LimitReached, "job %[1]s waits until other jobs of the account or qos have ended"},
	drivers.BlockPartition:   {PartitionUnavailable, "job %[1]s waits until its partition, reservation or nodes are available again"},
}

// blocked says why a pending job does not start, apart from the queue; with final set it never will unless a person changes
// something.
func blocked(j *drivers.Job) (because cause, final bool) {
	if j == nil || j.State != drivers.JobPending || j.Block == "" {
		return cause{}, false
	}
	b := blocks[j.Block]
	return cause{b.reason, fmt.Sprintf(b.message, j.ID) + " (" + j.Reason + ")"}, j.Block.Final()
}

// stuck says why a job neither runs nor ends, so that a person has to act: it is blocked for good, or stays Completing.
func (w *world) stuck(j *drivers.Job) cause {
	if because, final := blocked(j); final {
		return because
	}
	if j != nil && w.completingFor(j) > completingLimit {
		return cause{CompletingTooLong, fmt.Sprintf("job %s has been ending for %s, and what it ran may still run; an administrator has to see to its nodes",
			j.ID, w.completingFor(j).Round(time.Minute))}
	}
	return cause{}
}

// notRunning says why a job that is listed does not run.
func (w *world) notRunning(j *drivers.Job, agent Agent) cause {
	if because := w.stuck(j); because.set() {
		return w.limits(j, because)
	}
	because, _ := blocked(j)
	because = w.limits(j, because)
	switch {
	case requeued(j, agent):
		return cause{Requeued, fmt.Sprintf("job %s was requeued, and another job takes its place", j.ID)}
	case because.set():
		return because
	case j.State == drivers.JobPending && j.Reason != "":
		return cause{Pending, fmt.Sprintf("job %s waits: %s", j.ID, j.Reason)}
	case j.State == drivers.JobPending:
		return cause{Pending, fmt.Sprintf("job %s waits: the scheduler gives no reason", j.ID)}
	case j.State == drivers.JobSuspended:
		return cause{JobSuspended, fmt.Sprintf("job %s is suspended by the scheduler or its administrators", j.ID)}
	case j.Away != "":
		return cause{StateUnknown, fmt.Sprintf("job %s goes on on %s, where the controller was before, and cannot be seen from here; its agent reports", j.ID, j.Away)}
	case j.State == drivers.JobUnknown:
		return cause{StateUnknown, fmt.Sprintf("job %s is in a state that this assay does not know: %s", j.ID, j.Reason)}
	}
	return cause{Reason(j.State), fmt.Sprintf("job %s is %s", j.ID, j.State)}
}

// limits adds to a job that waits for a limit what the site states of it.
func (w *world) limits(j *drivers.Job, because cause) cause {
	x := w.byName[j.Tag.Seat.Experiment]
	if x != nil && len(x.Waits) > 0 && (because.reason == LimitReached || because.reason == Forbidden || because.reason == NeverFits) {
		because.message += "; the site's limits: " + strings.Join(x.Waits, "; ")
	}
	return because
}

// waits says why an active run does not run: because of its job, or because its turn has not come. No cause when it does,
// or when it has no job yet.
func (w *world) waits(r *Run) cause {
	j := w.job(r.Nonce)
	if !active(r) || j == nil || j.State == drivers.JobRunning || j.State.Terminal() {
		return w.waitsFor[r]
	}
	return w.notRunning(j, w.o.Agents[r.Nonce])
}
