package plan

import (
	"fmt"
	"strings"

	"assay/drivers"
)

// ended reports whether the agent has said that it ended: nothing that it started runs any more.
func (a Agent) ended() bool { return a.State != nil && a.State.End != nil }

// endOf says how a job ended, with a reason and a sentence. The first row that matches wins:
//
//	assay cancelled it                     the reason of the cancel
//	the scheduler blames node or queue     NodeFail, BootFail, LaunchFailed (unless the agent has reported), Preempted,
//	                                       Deadline, OutOfMemory
//	the scheduler or the agent names the   TimeLimit
//	walltime
//	the agent was started a second time    Requeued
//	the scheduler says cancelled           CancelledByHand
//	the agent got a signal                 Signalled
//	the scheduler says failed              JobFailed
//	it is not listed, or stays Completing  Ended if the agent said so, else Vanished
//	otherwise                              the scheduler's state
func endOf(a *Attempt, j *drivers.Job, agent Agent) End {
	word := ""
	if agent.ended() {
		word = agent.State.End.Reason
	}
	reason, said := Reason(j.State), fmt.Sprintf("ended as %s", j.State)
	if j.Reason != "" {
		said += fmt.Sprintf(" (%s)", j.Reason)
	}
	state := j.State
	if j.LaunchBlamed && agent.State == nil {
		state = drivers.JobLaunchFailed
	}
	switch because, known := blamed[state]; {
	case a.Cancelled != "":
		reason, said = a.Cancelled, fmt.Sprintf("was cancelled by assay: %s%s", a.Cancelled, firstFailure(agent))
	case known:
		reason, said = because.reason, because.message
		if len(j.Nodes) > 0 && because.onNode {
			said += " (" + strings.Join(j.Nodes, ", ") + ")"
		}
	case j.State == drivers.JobTimeout, word == drivers.EndTimeLimit:
		reason, said = TimeLimit, "reached its time limit"
	case word == drivers.EndRequeued:
		reason, said = Requeued, "was requeued by the scheduler, and a job directory is used once"
	case j.State == drivers.JobCancelled:
		reason, said = CancelledByHand, "was cancelled outside assay"
	case word == drivers.EndSignalled && j.State != drivers.JobFailed:
		reason, said = Signalled, "was ended by a signal that assay did not send"
	case j.State == drivers.JobFailed:
		reason, said = JobFailed, fmt.Sprintf("failed with exit code %d, signal %d (%s)", j.Exit, j.Signal, j.Reason)
	case agent.ended() && (j.State == drivers.JobVanished || j.State == drivers.JobCompleting):
		reason, said = Ended, strings.TrimSpace(fmt.Sprintf("ended: %s %s", word, agent.State.End.Message))
	case j.State == drivers.JobVanished:
		return End{State: j.State, Reason: Vanished, Message: fmt.Sprintf("the scheduler no longer lists job %s", j.ID)}
	}
	e := End{State: j.State, Reason: reason, Message: fmt.Sprintf("job %s %s", j.ID, said)}
	if nodeEnded(reason) {
		e.Nodes = j.Nodes
	}
	return e
}

// blame is an end that the scheduler explains by itself.
type blame struct {
	cause
	onNode bool // its nodes are worth naming
}

var blamed = map[drivers.JobState]blame{
	drivers.JobNodeFail:     {cause{NodeFail, "ended as NodeFail: a node was lost"}, true},
	drivers.JobBootFail:     {cause{BootFail, "ended as BootFail: a node did not come up"}, true},
	drivers.JobLaunchFailed: {cause{LaunchFailed, "ended as LaunchFailed: the node could not start it"}, true},
	drivers.JobPreempted:    {cause{Preempted, "was preempted by a job of higher priority"}, false},
	drivers.JobDeadline:     {cause{Deadline, "reached its deadline"}, false},
	drivers.JobOutOfMemory:  {cause{OutOfMemory, "used more memory than it had"}, false},
}

// firstFailure is what the agent says of the first process that failed for good.
func firstFailure(agent Agent) string {
	if agent.State == nil {
		return ""
	}
	for _, p := range agent.State.Processes {
		if p.Phase == drivers.PhaseFailed && p.Message != "" {
			return ": " + p.Message
		}
	}
	return ""
}

// counts reports whether an end is a failure of the service, so that it counts towards the restart limit. What the
// scheduler, a node or the walltime did is none. A walltime in which no process was ever Ready is one: the service does not
// start in the time that it asks for.
func (w *world) counts(a *Attempt, e End) bool {
	switch e.Reason {
	case ReadinessDeadline, CrashLoop, AgentLost, CommandNotFound, Missing, PortTaken, InsecureRay:
		return true
	case TimeLimit:
		st := w.o.Agents[a.Nonce].State
		return a.Run == "" && st != nil && len(st.Processes) > 0 && !everReady(st)
	case NodeFail, BootFail, LaunchFailed, Preempted, Requeued, Deadline, NeverSubmitted:
		return false
	}
	if a.Cancelled != "" || a.Run != "" && e.State == drivers.JobCompleted {
		return false
	}
	return !w.proven(a)
}
