package plan_test

import (
	"fmt"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

// A user has declared one service. In the first pass nothing runs, so a job is submitted. In the second the job is listed
// and runs, and its agent reports that the server answers: nothing is left to do.
func ExamplePlan() {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	server := drivers.Process{Name: "llm", Argv: []string{"vllm", "serve"}, Fingerprint: "f1"}
	desired := plan.Desired{
		Store:  "state-1", // the id of the state directory: it marks our jobs
		Policy: plan.Policy{Settle: 30 * time.Second, Stale: 30 * time.Second},
		Experiments: []plan.Experiment{{
			Name: "demo",
			Services: []plan.Service{{
				Name: "llm", Slots: 1, Within: 5 * time.Minute, Alloc: "a1", Proc: "p1", Settings: "s1",
				Job: drivers.JobSpec{Nodes: 1, Partition: "gpu"}, Processes: []drivers.Process{server},
			}},
		}},
	}
	report := func(r plan.Result) {
		for _, a := range r.Actions {
			fmt.Printf("%s %s: %s, %s\n", a.Verb, a.Object, a.Reason, a.Message)
		}
		ready := r.Status[0].Conditions[0]
		fmt.Printf("%s=%s: %s, %s\n", ready.Type, ready.Status, ready.Reason, ready.Message)
		if ready.Status != "True" {
			fmt.Println("advice:", plan.Advice(plan.Reason(ready.Reason)))
		}
	}

	empty := plan.Observed{Now: now, Listing: plan.Listing{At: now}}
	report(plan.Plan(desired, empty))

	seat := drivers.Seat{Experiment: "demo", Group: "llm"}
	running := plan.Observed{
		Now:      now,
		Listing:  plan.Listing{At: now, Jobs: []drivers.Job{{ID: "42", State: drivers.JobRunning, Tag: drivers.Tag{Store: "state-1", Seat: seat, Nonce: "n1"}}}},
		Attempts: []plan.Attempt{{Nonce: "n1", Seat: seat, Experiment: "demo", Alloc: "a1", Settings: "s1", JobID: "42", Begun: now.Add(-time.Minute)}},
		Agents: map[string]plan.Agent{"n1": {
			Desired: drivers.AgentDesired{Nonce: "n1", Generation: 1, Processes: []drivers.Process{server}},
			State: &drivers.AgentState{Nonce: "n1", Generation: 1, Processes: []drivers.ProcessState{
				{Name: "llm", Fingerprint: "f1", Phase: drivers.PhaseReady, Endpoint: "http://node1:8000"}}},
		}},
	}
	report(plan.Plan(desired, running))

	// Output:
	// Submit service/llm: Declared, it is declared and no job runs for it
	// Ready=False: Submitting, llm: it is declared and no job runs for it
	// advice: wait: the job was submitted and the scheduler does not list it yet
	// Ready=True: AllReady, every service is Ready
}
