package plan

import (
	"fmt"
	"strings"

	"assay/drivers"
)

// serve decides on one wanted seat: submit, keep, change in place, or replace.
func (w *world) serve(x *experiment, s *service, t *seat) {
	if x.released.set() || x.blocked != "" {
		return
	}
	wait, stalled := why{}, why{}
	if t.attempt == nil {
		wait, stalled = w.backoff(s, t)
	}
	t.stalled = stalled
	switch {
	case !w.known:
	case t.attempt != nil:
		w.keep(s, t)
	case stalled.set():
		t.why = stalled
	case wait.set():
		t.why = wait
	default:
		w.submit(x, s, t)
	}
}

// submit fills a free seat, once what it depends on is Ready.
func (w *world) submit(x *experiment, s *service, t *seat) {
	for _, dep := range s.DependsOn {
		if !w.available(x, dep) {
			t.why = why{"WaitingForDependency", fmt.Sprintf("it starts once %s is Ready", dep)}
			return
		}
	}
	reason, message := "Declared", "it is declared and no job runs for it"
	if n := len(w.ended[t.id]); n > 0 {
		last := w.ended[t.id][n-1]
		reason, message = "Replacement", fmt.Sprintf("the last job ended: %s (%s)", last.End.Reason, last.End.Message)
	}
	job := s.Job
	job.Name, job.Tag = t.id.JobName(), drivers.Tag{Store: w.d.Store, Seat: t.id, Revision: x.Revision}
	tell := drivers.AgentDesired{Processes: []drivers.Process{process(s, t.id)}}
	w.do(Action{Verb: Submit, Experiment: x.Name, Object: "service/" + s.Name, Seat: t.id, Reason: reason, Message: message,
		Job: &job, Tell: &tell, Attempt: &Attempt{
			Seat: t.id, Experiment: x.Name, Revision: x.Revision, Alloc: s.Alloc, Settings: s.Settings, Spec: s.Spec(),
		}})
	t.why = why{"Submitting", message}
}

// keep looks after a seat whose job is there.
func (w *world) keep(s *service, t *seat) {
	a := t.attempt
	switch y := w.hopeless(s, t); {
	case a.Cancelled != "":
		w.cancel(a, why{a.Cancelled, ""})
	case a.Alloc != s.Alloc:
		w.cancel(a, why{"Reallocated", "the declared allocation changed, which needs a new job"})
	case y.set():
		w.cancel(a, y)
	case a.Settings != s.Settings && t.job != nil && !t.job.State.Terminal():
		limit := s.Job.Time
		w.do(Action{Verb: Reconfigure, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: t.job.ID,
			Reason: "SettingsChanged", Message: fmt.Sprintf("job %s is changed in place", t.job.ID),
			Change: &drivers.Change{Time: &limit}, Settings: s.Settings})
	}
}

// process is what a seat's agent is told: the service's process with a data directory of its own.
func process(s *service, id drivers.Seat) drivers.Process {
	p := s.Process
	if p.Data != "" {
		p.Data = strings.TrimSuffix(p.Data, "/") + fmt.Sprintf("/%d", id.Slot)
	}
	return p
}
