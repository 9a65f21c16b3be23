package plan

import (
	"fmt"
	"strings"

	"assay/drivers"
)

// serve decides on one wanted seat: submit, keep, change in place, or replace.
func (w *world) serve(x *experiment, al *allocation, t *seat) {
	if x.released.set() || x.blocked != "" {
		return
	}
	if t.attempt == nil {
		t.wait, t.stalled = w.backoff(al, t)
	}
	switch {
	case !w.known:
	case t.attempt != nil:
		w.keep(al, t)
		for _, s := range al.members {
			if y := w.held(x, s, t); y.set() {
				s.places[t.id.Slot].why = y
			}
		}
	case t.stalled.set():
		al.explain(t, t.stalled)
	case t.wait.set():
		al.explain(t, t.wait)
	default:
		w.submit(x, al, t)
	}
}

// explain gives every service of a seat the same reason.
func (al *allocation) explain(t *seat, y why) {
	for _, s := range al.members {
		s.places[t.id.Slot].why = y
	}
}

// submit fills a free seat, once one of its services may start: the others join it in the job.
func (w *world) submit(x *experiment, al *allocation, t *seat) {
	may := false
	for _, s := range al.members {
		if y := w.held(x, s, t); y.set() {
			s.places[t.id.Slot].why = y
		} else {
			may = true
		}
	}
	if !may {
		return
	}
	reason, message := "Declared", "it is declared and no job runs for it"
	if n := len(w.ended[t.id]); n > 0 {
		last := w.ended[t.id][n-1]
		reason, message = "Replacement", fmt.Sprintf("the last job ended: %s (%s)", last.End.Reason, last.End.Message)
	}
	job := al.job
	job.Name, job.Tag = t.id.JobName(), drivers.Tag{Store: w.d.Store, Seat: t.id, Revision: x.Revision}
	tell := drivers.AgentDesired{Processes: w.processes(x, al, t), Relays: w.relays(x)}
	a := &Attempt{Seat: t.id, Experiment: x.Name, Revision: x.Revision, Alloc: al.alloc, Settings: al.settings, Spec: al.spec}
	if al.grouped {
		a.Base, a.Size, a.Members = al.base, al.size, al.names()
	}
	w.do(Action{Verb: Submit, Experiment: x.Name, Object: "service/" + al.name, Seat: t.id, Reason: reason, Message: message,
		Job: &job, Tell: &tell, Attempt: a})
	al.explain(t, why{"Submitting", message})
}

// held says why a service does not start in a seat yet. One that has been told to start is not held back any more.
func (w *world) held(x *experiment, s *service, t *seat) why {
	for _, p := range t.agent.Desired.Processes {
		if t.attempt != nil && p.Service() == s.Name {
			return why{}
		}
	}
	for _, dep := range s.DependsOn {
		if !w.available(x, dep) {
			return why{"WaitingForDependency", fmt.Sprintf("it starts once %s is Ready", dep)}
		}
	}
	for _, p := range s.Processes {
		for _, path := range p.Needs {
			if w.o.Absent[path] {
				return why{Missing, fmt.Sprintf("%s does not exist; fetch the images of the manifest: assay pull -f FILE", path)}
			}
		}
	}
	return why{}
}

// keep looks after a seat whose job is there.
func (w *world) keep(al *allocation, t *seat) {
	a := t.attempt
	switch y := w.hopeless(al, t); {
	case a.Cancelled != "":
		w.cancel(a, why{a.Cancelled, ""})
	case !al.fits(a):
		w.cancel(a, why{"Reallocated", "the declared allocation changed, which needs a new job"})
	case y.set():
		w.cancel(a, y)
	case a.Settings != al.settings && t.job != nil && !t.job.State.Terminal():
		limit := al.job.Time
		w.do(Action{Verb: Reconfigure, Experiment: a.Experiment, Object: object(a), Seat: a.Seat, Nonce: a.Nonce, JobID: t.job.ID,
			Reason: "SettingsChanged", Message: fmt.Sprintf("job %s is changed in place", t.job.ID),
			Change: &drivers.Change{Time: &limit}, Settings: al.settings})
	}
}

// processes are what a seat's agent is told to run: those of every service that may start, each with a data directory
// of its own.
func (w *world) processes(x *experiment, al *allocation, t *seat) []drivers.Process {
	var out []drivers.Process
	for _, s := range al.members {
		if w.held(x, s, t).set() {
			continue
		}
		for _, p := range s.Processes {
			if p.Data != "" {
				p.Owner = fmt.Sprintf("%s %s/%s", w.d.Store, x.Name, s.Name)
				p.Data = strings.TrimSuffix(p.Data, "/") + fmt.Sprintf("/%d", t.id.Slot)
			}
			if p.Targets != "" {
				p.Files = append(p.Files[:len(p.Files):len(p.Files)], drivers.File{Path: p.Targets, Content: w.fileSD()})
			}
			out = append(out, p)
		}
	}
	return out
}
