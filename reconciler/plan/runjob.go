package plan

import (
	"fmt"

	"assay/drivers"
)

// submitRuns asks for a job for every run that has none.
func (w *world) submitRuns(x *experiment) {
	if !w.known || x.blocked != "" || x.released.set() || x.held.set() {
		return
	}
	for _, r := range x.runs {
		id := drivers.Seat{Experiment: x.Name, Group: runGroup + r.Benchmark, Slot: r.Repeat - 1}
		if !active(r) || r.Nonce != "" || r.Result != nil || len(w.open[id]) > 0 { // the job of an earlier run has to end first
			continue
		}
		for _, b := range x.Benchmarks {
			if b.Name == r.Benchmark {
				w.submitRun(x, b, r, id)
			}
		}
	}
}

func (w *world) submitRun(x *experiment, b Benchmark, r *Run, id drivers.Seat) {
	job := b.Job
	job.Tag = drivers.Tag{Store: w.d.Store, Seat: id, Revision: x.Revision}
	job.Name = job.Tag.JobName()
	avoids := w.avoid(&job)
	desired := drivers.AgentDesired{Runs: []drivers.Run{{ID: r.ID, Dir: r.Dir, Limit: r.Limit}}, Relays: x.relayTargets(), ExitWhenDone: true}
	w.do(Action{Verb: Submit, Experiment: x.Name, Object: "run/" + r.ID, Seat: id, Reason: RunNeedsJob,
		Message: fmt.Sprintf("the clients of %s run in a job of their own%s", r.Benchmark, avoids), Job: &job, Desired: &desired,
		Attempt: &Attempt{Seat: id, Experiment: x.Name, Revision: x.Revision, Run: r.ID}})
}
