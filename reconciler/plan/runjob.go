package plan

import (
	"fmt"

	"assay/drivers"
)

// placeAll finds jobs for the runs that have none.
func (w *world) placeAll(x *experiment) {
	if !w.known || x.blocked != "" || x.released.set() {
		return
	}
	for _, r := range x.runs {
		if active(r) && r.Nonce == "" && r.Result == nil {
			w.place(x, r)
		}
	}
}

// place finds a job for a run whose target is somebody else's, so that it runs in a job of its own.
func (w *world) place(x *experiment, r *Run) {
	id := drivers.Seat{Experiment: x.Name, Group: runGroup + r.Benchmark, Slot: r.Repeat - 1}
	if open := w.open[id]; len(open) > 0 {
		if open[0].Run == r.ID { // else the job of an earlier attempt has to end first
			w.adoptRun(r, open[0])
		}
		return
	}
	for _, b := range x.Benchmarks {
		if b.Name == r.Benchmark {
			w.submitRun(x, b, r, id)
		}
	}
}

// adoptRun notes on a run which job is for it.
func (w *world) adoptRun(r *Run, a *Attempt) {
	r.Nonce, r.JobID = a.Nonce, string(a.JobID)
	c := *r
	w.do(Action{Verb: UpdateRun, Experiment: r.Experiment, Object: "run/" + r.ID, Nonce: a.Nonce, Reason: "Placed",
		Message: "a job of its own runs it", Run: &c})
}

func (w *world) submitRun(x *experiment, b Benchmark, r *Run, id drivers.Seat) {
	if w.submittedFor(id, r.ID) {
		w.lost(r, w.ended[id][len(w.ended[id])-1])
		return
	}
	job := b.Job
	job.Name, job.Tag = id.JobName(), drivers.Tag{Store: w.d.Store, Seat: id, Revision: x.Revision}
	tell := drivers.AgentDesired{Runs: []drivers.Run{{ID: r.ID, Dir: r.Dir, Limit: r.Limit}}, Relays: w.relays(x), ExitWhenDone: true}
	w.do(Action{Verb: Submit, Experiment: x.Name, Object: "run/" + r.ID, Seat: id, Reason: "RunNeedsJob",
		Message: fmt.Sprintf("the clients of %s run in a job of their own", r.Benchmark), Job: &job, Tell: &tell,
		Attempt: &Attempt{Seat: id, Experiment: x.Name, Revision: x.Revision, Run: r.ID}})
}

// submittedFor reports whether a job was tried for this run already and ended before it was noted on the run.
func (w *world) submittedFor(id drivers.Seat, run string) bool {
	for _, a := range w.ended[id] {
		if a.Run == run && a.End.Reason != "NeverSubmitted" {
			return true
		}
	}
	return false
}
