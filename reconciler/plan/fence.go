package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/drivers"
)

// A job can be over for the scheduler while its server still runs: its node was lost, or what supervised it was killed. Only
// the agent's own word, or a scheduler that can end what a job left behind, shows that it does not. What has not shown it
// yet is loose. The agent is told to stop when the attempt is closed; what follows is decided here.

const (
	// FenceTime is how long a service that may not run twice waits for the end of what its last job ran, unless it says so itself.
	FenceTime = 5 * time.Minute
	// reportedWithin is longer than an agent that runs takes to report for the first time.
	reportedWithin = 10 * time.Second
	// askAgain is how soon the next pass looks for an agent's word that something waits for.
	askAgain = time.Second
)

// Loose reports whether an attempt has ended for the scheduler and what it ran may still run, which its agent can still deny.
func (a *Attempt) Loose() bool { return a.End != nil && a.End.Unsaid && a.Fenced == "" }

// unverified reports whether an attempt was replaced or given up although what it ran may still run.
func (a *Attempt) unverified() bool { return a.Fenced == FenceExpired }

// Doubtful reports whether something that the job ran can have outlived this end: its agent did not say that it ended, or the
// scheduler lost the job, which can come up after all.
func (e *End) Doubtful() bool {
	return e.Unsaid || e.State == drivers.JobNodeFail || e.State == drivers.JobVanished
}

// unsaid reports whether an attempt that is over for the scheduler has a server that may still run. An agent that never
// reported has started nothing, unless its job ran for so long that its report must have been lost. A damaged report is one.
func unsaid(a *Attempt, j *drivers.Job, agent Agent) bool {
	st := agent.State
	if st == nil || st.Nonce != a.Nonce {
		return agent.Err != "" || agent.NoNews != "" || j != nil && !j.Started.IsZero() && j.Ends.Sub(j.Started) > reportedWithin
	}
	return agent.Err != "" || !st.Said()
}

// nodesOf are the nodes on which what an attempt ran may still run.
func nodesOf(j *drivers.Job, agent Agent) []string {
	if j != nil && len(j.Nodes) > 0 {
		return j.Nodes
	}
	if st := agent.State; st != nil && st.Node != "" {
		return []string{st.Node}
	}
	return nil
}

// fences ends the doubt about loose attempts: by their agents' word, or because the time for that is over.
func (w *world) fences() {
	for _, a := range w.attempts {
		switch {
		case !a.Loose() && !a.unverified():
		case w.o.Acknowledged[a.Nonce]:
			w.fenced(a, Acknowledged, fmt.Sprintf("the agent of job %s says that everything has ended", a.JobID))
		case a.Loose() && !w.o.Now.Before(w.fencedAt(a)):
			w.fenced(a, FenceExpired, fmt.Sprintf("%s did not say that it has ended (%s): what it ran may still run", where(a), a.End.Reason))
		}
	}
}

func (w *world) fenced(a *Attempt, because Reason, message string) {
	w.do(Action{Verb: Fence, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: a.JobID, Reason: because, Message: message})
	a.Fenced = because
}

// fencedAt is when a loose attempt is no longer waited for.
func (w *world) fencedAt(a *Attempt) time.Time {
	fence := FenceTime
	if alloc := w.allocationOf(a); alloc != nil {
		fence = cmp.Or(alloc.fence, fence)
	}
	since := w.o.Listing.Clock // when this controller came back, or the clock was set
	if at := a.End.At; at.After(since) && !at.After(w.o.Now) {
		since = at
	}
	return since.Add(fence)
}

// where names the job of an attempt and its nodes.
func where(a *Attempt) string {
	if len(a.End.Nodes) == 0 {
		return fmt.Sprintf("job %s", a.JobID)
	}
	return fmt.Sprintf("job %s on node %s", a.JobID, strings.Join(a.End.Nodes, ", "))
}

// once reports whether an allocation may not run twice at the same time: one of its services owns a data folder.
func (a *allocation) once() bool {
	return slices.ContainsFunc(a.members, func(s *service) bool {
		return slices.ContainsFunc(s.Processes, func(p drivers.Process) bool { return p.Data != "" })
	})
}

// held says for how long a free seat cannot be filled because its last job's server may still own the data.
func (w *world) held(alloc *allocation, seat *seat) cause {
	if !alloc.once() {
		return cause{}
	}
	for _, a := range slices.Backward(w.ended[seat.id.Place()]) {
		if a.Loose() {
			return w.awaited(a, "its data folder must not have two servers")
		}
	}
	return cause{}
}

// loose says for how long a deletion waits for attempts that may still run; no cause once none is left.
func (w *world) loose(x *experiment) cause {
	for _, a := range w.attempts {
		if a.Experiment == x.Name && a.Loose() {
			return w.awaited(a, "the deletion is not done before that is known")
		}
	}
	return cause{}
}

func (w *world) awaited(a *Attempt, why string) cause {
	w.wakeAt(w.o.Now.Add(askAgain))
	left := w.fencedAt(a).Sub(w.o.Now).Round(time.Second)
	return cause{WaitingForFence, fmt.Sprintf("%s ended as %s and its server may still run: %s; its agent was told to stop and has %s left to say that it did",
		where(a), a.End.Reason, why, left)}
}

// leftovers names the jobs of an experiment of which nobody knows whether they still run; empty when all are known to have ended.
func (w *world) leftovers(x *experiment) string {
	var out []string
	for _, a := range w.attempts {
		if a.Experiment == x.Name && a.unverified() {
			out = append(out, fmt.Sprintf("%s may still run (%s)", where(a), a.End.Reason))
		}
	}
	return strings.Join(out, "; ")
}
