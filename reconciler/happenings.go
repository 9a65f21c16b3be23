package reconciler

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// happeningType is the type of the event of a happening. All others are reasons of a loss, and warnings.
var happeningType = map[plan.Reason]string{plan.Restarted: normal, plan.ReadyAgain: normal, plan.NotAnswering: warning, plan.GivenUp: warning}

// tell makes an event of every loss, restart and return of a server inside its job, each once: the events themselves say
// which have been told, so that no crash between an event and a status tells one twice. What happened while no controller
// ran is told by the next. Only a lost lease is an error; what could not be written is told in the next pass.
func (l *Loop) tell(o plan.Observed) error {
	if l.told == nil {
		told, err := l.Store.Told()
		if err != nil {
			l.Log.Warn("reading which events there are", "error", err)
			return nil
		}
		l.told = told
	}
	told := make(map[string]uint64, len(o.Agents)) // of open attempts only
	var failed error
	for i := range o.Attempts {
		a := &o.Attempts[i]
		agent, open := o.Agents[a.Nonce]
		if !open {
			continue
		}
		told[a.Nonce] = l.told[a.Nonce]
		if agent.State == nil || failed != nil {
			continue
		}
		told[a.Nonce], failed = l.tellOf(a, agent, o, told[a.Nonce])
	}
	l.told = told
	if errors.Is(failed, store.ErrLeaseLost) {
		return failed
	}
	if failed != nil {
		l.Log.Warn("writing what happened inside a job", "error", failed)
	}
	return nil
}

// tellOf writes the events of one job, from the first that was not told. It returns up to which there are events now.
func (l *Loop) tellOf(a *plan.Attempt, agent plan.Agent, o plan.Observed, told uint64) (uint64, error) {
	for _, h := range agent.State.Happened {
		if h.Number <= told {
			continue
		}
		ago := drivers.BeatEvery*time.Duration(agent.State.Heartbeat-min(h.Beat, agent.State.Heartbeat)) + agent.StillFor
		e := store.Event{Time: o.Now.Add(-ago), Type: cmp.Or(happeningType[plan.Reason(h.Reason)], warning), Experiment: a.Experiment, Reason: h.Reason,
			Message: h.Message, JobID: string(a.JobID), Happening: fmt.Sprintf("%s/%d", a.Nonce, h.Number)}
		service, _, component := strings.Cut(h.Process, ".")
		if e.Object = "service/" + service; component {
			e.Message = h.Process + ": " + h.Message
		}
		if missing := h.Number - told - 1; missing > 0 {
			e.Message += fmt.Sprintf(" (%d earlier losses, restarts and returns in this job were not kept)", missing)
		}
		if err := l.Lease.Emit(e); err != nil {
			return told, err
		}
		told = h.Number
	}
	return told, nil
}
