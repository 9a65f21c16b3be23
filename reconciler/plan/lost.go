package plan

import (
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// loss is why a run has no result that counts although its suite judged nothing.
type loss struct {
	cause
	ends bool // its job, if it has one of its own, has no purpose any more
}

// kind says what a reason for a loss means for the next attempt.
type kind struct {
	free bool // it is no try: the run was cut by something that ends by itself, or had not begun
	slow bool // it can last for long, so that the next attempt waits for long
}

// kinds are those of reasons that differ from most: a try, and another one soon.
var kinds = map[Reason]kind{
	TimeLimit:          {free: true},
	JobSuspended:       {free: true},
	NotBegun:           {free: true},
	DiskFull:           {slow: true},
	ReadOnlyFileSystem: {slow: true},
	FileSystemLost:     {slow: true},
}

// lossOf says whether the infrastructure has lost a run, so that it is done again: whatever its suite did not judge. The
// first row that matches wins:
//
//	there is a result that names what was lost            its word
//	its suite failed while its target is not Ready        TargetLost
//	its result is not valid, and its target was replaced  TargetLost
//	there is another result                               no loss: the suite's judgement
//	the agent says that it failed, and what was lost      its word
//	it failed while its target is not Ready               TargetLost
//	the agent says that it failed                         no loss: the suite's judgement
//	its job has ended                                     TimeLimit, NotBegun, TargetNotReady or Lost
//	the agent of its own job is gone, by two witnesses    AgentLost
//	its job was suspended while it measured               JobSuspended
//	it waits in a job on a host that is not ours any more NotBegun
//	its target was replaced or ended                      TargetLost, TimeLimit
//	it waits in a job of its own that is too short by now TargetNotReady or NotBegun
func (w *world) lossOf(x *experiment, r *Run) loss {
	a := w.attempt[r.Nonce]
	said, failed := w.agentSays(r)
	if res := r.Result; res != nil {
		said, failed = drivers.RunState{Reason: res.Lost, Message: res.Error}, res.Error != ""
		if !failed {
			if because := w.targetGone(r); because.set() && !res.Valid {
				return loss{cause: cause{TargetLost, because.message + ", and its result is not valid: " + reasons(r)}}
			}
			return loss{}
		}
	}
	switch because := w.targetGone(r); {
	case failed && said.Reason != "":
		return loss{cause: cause{Reason(said.Reason), said.Message}, ends: true}
	case failed && (because.set() || !w.available(x, r.Target)):
		return loss{cause: cause{TargetLost, fmt.Sprintf("%s is not Ready, and the suite failed: %s", r.Target, said.Message)}, ends: true}
	case failed || r.Nonce == "" && a == nil:
		return loss{}
	case a == nil || a.End != nil:
		return loss{cause: w.jobLost(r, a)}
	case because.set():
		return loss{because, true}
	}
	return w.disturbance(x, r, a)
}

// disturbance is what makes the numbers of a run worthless, or keeps it from beginning, although its job goes on.
func (w *world) disturbance(x *experiment, r *Run, a *Attempt) loss {
	j := w.job(r.Nonce)
	if j != nil && j.State == drivers.JobRunning && a.Run == r.ID && a.Cancelled == "" {
		if because, gone := w.hear(&seat{id: a.Seat, attempt: a, job: j, agent: w.o.Agents[r.Nonce]}); gone { // witness.go
			return loss{because, true}
		}
	}
	switch {
	case j != nil && j.State == drivers.JobSuspended && r.Phase == v1alpha1.RunRunning:
		return loss{cause{JobSuspended, fmt.Sprintf("job %s was suspended while it measured", j.ID)}, true}
	case a.Run == r.ID && !r.told() && j != nil && j.Away != "":
		return loss{cause{NotBegun, fmt.Sprintf("it had not begun in job %s on %s, and the controller is on another host now", j.ID, j.Away)}, true}
	case a.Run != r.ID || r.told() || j == nil || j.UsableUntil().IsZero() || j.UsableUntil().Sub(w.o.Now) >= r.Limit.Std():
		return loss{}
	case !w.available(x, r.Target):
		return loss{cause{TargetNotReady, fmt.Sprintf("%s was not Ready for so long that the rest of job %s is too short", r.Target, j.ID)}, true}
	}
	return loss{cause{NotBegun, fmt.Sprintf("its turn did not come for so long that the rest of job %s is too short", j.ID)}, true}
}

// jobLost says what the end of its job means for a run. The end of a service's walltime says nothing about the run: it did
// not fit into what was left.
func (w *world) jobLost(r *Run, a *Attempt) cause {
	message := "the job that ran it is gone"
	if a != nil {
		message = "its job ended first: " + a.End.Message
	}
	switch {
	case a == nil:
	case a.Run == "" && a.End.Reason == TimeLimit:
		return cause{TimeLimit, message}
	case a.Run == "" && !r.told():
		return cause{NotBegun, message}
	case a.Run != "" && !r.told() && a.End.Reason == TimeLimit:
		return cause{TargetNotReady, message}
	}
	return cause{Lost, message}
}

// targetGone says that a job whose server a run measures has ended.
func (w *world) targetGone(r *Run) cause {
	for _, nonce := range r.Measures {
		a := w.attempt[nonce]
		switch {
		case a == nil:
			return cause{TargetLost, "the job of its target is gone"}
		case a.End != nil && a.End.Reason == TimeLimit:
			return cause{TimeLimit, "the job of its target ended: " + a.End.Message}
		case a.End != nil:
			return cause{TargetLost, "the job of its target ended: " + a.End.Message}
		}
	}
	return cause{}
}

// agentSays is what a run's agent reports of it, and whether it says that it failed.
func (w *world) agentSays(r *Run) (said drivers.RunState, failed bool) {
	if st := w.o.Agents[r.Nonce].State; st != nil {
		for _, s := range st.Runs {
			if s.ID == r.ID {
				said = s
			}
		}
	}
	return said, said.Phase == v1alpha1.RunFailed
}

// lost ends a run that the infrastructure lost. It is done again, Policy.RunAttempts times in all; then the whole story is
// its failure. A result that it still writes does not count.
func (w *world) lost(r *Run, because loss) {
	a := w.attempt[r.Nonce]
	phase, reason, message := v1alpha1.RunLost, because.reason, because.message
	if tries := len(r.Tries) + 1; !kinds[reason].free && tries >= w.d.Policy.RunAttempts {
		phase, reason, message = v1alpha1.RunFailed, Lost, w.story(r, because.cause)
	}
	w.updateRun(r, phase, cause{reason, message})
	if because.ends && a != nil && a.End == nil && a.Run == r.ID && w.known {
		w.cancel(a, because.cause)
	}
}

// story tells every try of a run that is given up.
func (w *world) story(r *Run, last cause) string {
	var told []string
	for _, t := range append(r.Tries[:len(r.Tries):len(r.Tries)], Try{Run: r.ID, Reason: last.reason, Message: last.message}) {
		told = append(told, fmt.Sprintf("%s (%s: %s)", t.Run, t.Reason, t.Message))
	}
	return fmt.Sprintf("it was tried %d times, and each time it lost something that it needs: %s. Once that is mended, type: assay rerun %s",
		len(told), strings.Join(told, ", "), r.ID)
}

// pauses says why the next attempt at a run that was lost has to wait, so that a disk that stays full does not use up all
// tries at once. What can last for long is waited for four times as long after each try; other losses are tried again at
// once, and then after a wait that grows in the same way.
func (w *world) pauses(last *Run) cause {
	if last == nil || last.Phase != v1alpha1.RunLost || kinds[last.Reason].free {
		return cause{}
	}
	n, delay := len(last.Tries), w.d.Policy.BackoffMax
	if !kinds[last.Reason].slow {
		n, delay = n-1, delay/10
	}
	if n < 0 {
		return cause{}
	}
	until := last.Ended.Add(min(delay<<(2*min(n, 10)), 12*w.d.Policy.BackoffMax))
	if !w.o.Now.Before(until) || last.Ended.After(w.o.Now) { // an end that is yet to come: the clock was set since
		return cause{}
	}
	w.wakeAt(until)
	return cause{BackingOff, fmt.Sprintf("run %s was lost (%s: %s); try %d of %d in %s", last.ID, last.Reason, last.Message,
		len(last.Tries)+2, w.d.Policy.RunAttempts, until.Sub(w.o.Now).Round(time.Second))}
}
