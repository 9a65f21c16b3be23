package plan

import (
	"slices"

	"assay/drivers"
)

// instruct gives every agent its whole desired state whenever that differs from what it was told.
func (w *world) instruct(x *experiment) {
	if x.released.set() || x.blocked != "" {
		return
	}
	for _, s := range x.services {
		for _, t := range s.seats {
			a := t.attempt
			if a == nil || a.Cancelled != "" || a.Alloc != s.Alloc || t.agent.Err != "" {
				continue
			}
			told := t.agent.Desired
			want := drivers.AgentDesired{Nonce: a.Nonce, Processes: []drivers.Process{process(s, t.id)}, Runs: w.toldRuns(x, t)}
			told.Nonce = a.Nonce
			if want.Equal(told) {
				continue
			}
			y := w.difference(s, told, want)
			w.do(Action{Verb: Instruct, Experiment: x.Name, Object: "service/" + s.Name, Seat: t.id, Nonce: a.Nonce, JobID: a.JobID,
				Reason: y.reason, Message: y.message, Tell: &want})
		}
	}
}

// toldRuns are the runs placed in a job: the active ones, and the end of those that the agent still has but nobody wants.
func (w *world) toldRuns(x *experiment, t *seat) []drivers.Run {
	var out []drivers.Run
	for _, r := range x.runs {
		switch {
		case r.Nonce != t.attempt.Nonce:
		case active(r):
			out = append(out, drivers.Run{ID: r.ID, Dir: r.Dir, Limit: r.Limit})
		case agentHas(t.agent, r.ID):
			out = append(out, drivers.Run{ID: r.ID, Dir: r.Dir, Limit: r.Limit, Cancel: true})
		}
	}
	return out
}

func agentHas(a Agent, run string) bool {
	return a.State != nil && slices.ContainsFunc(a.State.Runs, func(s drivers.RunState) bool {
		return s.ID == run && (s.Phase == "Pending" || s.Phase == "Running")
	})
}

// difference says what an instruction changes.
func (w *world) difference(s *service, told, want drivers.AgentDesired) why {
	if len(told.Processes) == 1 && told.Processes[0].Fingerprint != want.Processes[0].Fingerprint {
		return why{"ProcessChanged", "the declared process changed: the server restarts inside its allocation"}
	}
	if len(want.Runs) > len(told.Runs) {
		return why{"RunPlaced", "a benchmark run is to be done here"}
	}
	if len(want.Runs) < len(told.Runs) {
		return why{"RunEnded", "a benchmark run has ended"}
	}
	return why{"SettingsChanged", "probes, limits or runs changed; nothing restarts"}
}
