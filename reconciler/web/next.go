package web

import (
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// upcoming is what the planner wants next, and why it does not happen yet.
type upcoming struct {
	Steps   []step    `json:"steps"`   // that a pass would take now, as assay plan prints them
	Waiting []waiting `json:"waiting"` // what is not as declared, and what it waits for
	Planned []planned `json:"planned"` // what follows at a known time
	Problem string    `json:"problem,omitempty"`
}

type step struct {
	Symbol  string   `json:"symbol"` // + - -/+ ~
	Object  string   `json:"object"`
	Reason  string   `json:"reason"`
	Details []string `json:"details,omitempty"`
}

type waiting struct {
	Object  string `json:"object"` // service/NAME or benchmark/NAME
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	Advice  string `json:"advice,omitempty"`
}

type planned struct {
	Object string    `json:"object"`
	What   string    `json:"what"`
	At     time.Time `json:"at"`
}

func nextData(r *request) (any, error) {
	e, err := r.experiment()
	if err != nil {
		return nil, err
	}
	return r.upcoming(e), nil
}

func (r *request) upcoming(e v1alpha1.ExperimentStatus) upcoming {
	u := upcoming{Steps: []step{}, Waiting: waits(e), Planned: plans(e)}
	steps, err := r.s.next.get(r.Context())
	if err != nil {
		u.Problem = "what a pass would do is not known: " + err.Error()
		return u
	}
	for _, s := range steps {
		if experiment, _, _ := strings.Cut(s.Object, "/"); experiment == e.Name {
			u.Steps = append(u.Steps, step{s.Symbol, s.Object, s.Reason, s.Details})
		}
	}
	return u
}

// waits is what is not as declared yet, with its reason and what one can do about it.
func waits(e v1alpha1.ExperimentStatus) []waiting {
	out := []waiting{}
	add := func(object string, c v1alpha1.Condition) {
		out = append(out, waiting{object, c.Reason, c.Message, plan.Advice(plan.Reason(c.Reason))})
	}
	for _, v := range e.Services {
		stalled, ready := v1alpha1.Find(v.Conditions, v1alpha1.Stalled), v1alpha1.Find(v.Conditions, v1alpha1.Ready)
		switch {
		case stalled.Status == v1alpha1.True:
			add("service/"+v.Name, stalled)
		case ready.Status != v1alpha1.True && !e.Suspended && ready.Reason != string(plan.Done):
			if scheduled := v1alpha1.Find(v.Conditions, v1alpha1.Scheduled); scheduled.Status == v1alpha1.False && scheduled.Message != "" && scheduled.Message != ready.Message {
				ready.Message = strings.TrimSpace(ready.Message + " " + scheduled.Reason + ": " + scheduled.Message)
			}
			add("service/"+v.Name, ready)
		}
	}
	for _, b := range e.Benchmarks {
		if c := v1alpha1.Find(b.Conditions, v1alpha1.Complete); c.Status != v1alpha1.True && !e.Suspended {
			if c.Reason != string(plan.InProgress) { // whose message says it
				c.Message = strings.TrimSpace(fmt.Sprintf("%d of %d runs are done. %s", b.Done, b.Runs, c.Message))
			}
			add("benchmark/"+b.Name, c)
		}
	}
	return out
}

// plans is what follows at a known time: renewals, and ends of walltimes that are not renewed.
func plans(e v1alpha1.ExperimentStatus) []planned {
	out := []planned{}
	seen := map[string]bool{}
	for _, v := range e.Services {
		for _, seat := range v.Seats {
			if seat.Ends == nil || seen[seat.JobID] {
				continue
			}
			seen[seat.JobID] = true // services of one group share a job
			switch r := seat.Renewal; {
			case r == nil || r.Policy == v1alpha1.Never || r.Times > 0 && r.Done >= r.Times:
				out = append(out, planned{seat.Seat, fmt.Sprintf("the walltime of job %s ends, and no job follows", seat.JobID), *seat.Ends})
			case seat.Next != nil:
				out = append(out, planned{seat.Seat, fmt.Sprintf("job %s hands over to job %s", seat.JobID, seat.Next.JobID), *seat.Ends})
			default:
				out = append(out, planned{seat.Seat, fmt.Sprintf("job %s is renewed (%s), before its walltime ends", seat.JobID, r.Policy), seat.Ends.Add(-r.Before.Std())})
			}
		}
	}
	return out
}
