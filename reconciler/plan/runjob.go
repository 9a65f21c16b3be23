package plan

import (
	"fmt"

	"assay/drivers"
)

// submitRuns asks for a job for every run that has none and waits for no other run, and tells the agents of those jobs what
// to do: nothing until the run has had its turn.
func (w *world) submitRuns(x *experiment) {
	if !w.known || x.blocked != "" || x.released.set() || x.held.set() {
		return
	}
	for _, r := range x.runs {
		if !active(r) || r.Result != nil {
			continue
		}
		if a := w.attempt[r.Nonce]; a != nil && a.Run == r.ID && r.told() {
			w.instructRun(x, r, a)
		}
		id := drivers.Seat{Experiment: x.Name, Group: runGroup + r.Benchmark, Slot: r.Repeat - 1}
		if r.Nonce != "" || len(w.open[id]) > 0 || !r.told() && !w.next[r] { // the job of an earlier run has to end first
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
	job, desired := b.Job, w.desiredOf(x, r, "")
	job.Tag = drivers.Tag{Store: w.d.Store, Seat: id, Revision: x.Revision}
	job.Name = job.Tag.JobName()
	holds := HeldBy(job, b.NodeGPUs)
	if because := w.affords(x, holds, job.Time); because.set() && !job.Here {
		x.refuse(because)
		x.unrun = because
		x.wait(&wantedRun{Benchmark: &b}, because)
		return
	}
	x.reserve(holds, job.Time)
	avoids := w.avoid(&job)
	w.do(Action{Verb: Submit, Experiment: x.Name, Object: "run/" + r.ID, Seat: id, Reason: RunNeedsJob,
		Message: fmt.Sprintf("the clients of %s run in a job of their own%s", r.Benchmark, avoids), Job: &job, Desired: &desired,
		Attempt: &Attempt{Seat: id, Experiment: x.Name, Revision: x.Revision, Run: r.ID, Time: drivers.SecondsOf(job.Time), Holds: holds, Before: w.earlier(id)}})
}

// desiredOf is what the agent of a run's own job should do. It ends with the run; before it knows one it waits.
func (w *world) desiredOf(x *experiment, r *Run, nonce string) drivers.AgentDesired {
	d := w.toldAll(x, nonce)
	if r.told() {
		d.Runs, d.ExitWhenDone = []drivers.Run{{ID: r.ID, Dir: r.Dir, Limit: r.Limit}}, true
	}
	return d
}

func (w *world) instructRun(x *experiment, r *Run, a *Attempt) {
	agent := w.o.Agents[a.Nonce]
	want := w.desiredOf(x, r, a.Nonce)
	if a.End != nil || a.Cancelled != "" || agent.Err != "" || agent.ended() || want.Equal(agent.Desired) {
		return
	}
	because := difference(agent.Desired, want)
	w.do(Action{Verb: Instruct, Experiment: x.Name, Object: "run/" + r.ID, Seat: a.Seat, Nonce: a.Nonce, JobID: a.JobID,
		Reason: because.reason, Message: because.message, Desired: &want})
}
