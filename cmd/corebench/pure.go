package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

func nothing() {}

// decoding reads a manifest: one document with many services and a benchmark for each tenth.
func decoding(services int) (func() error, func(), error) {
	var b strings.Builder
	b.WriteString("apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: big}\nspec:\n  services:\n")
	for i := range services {
		fmt.Fprintf(&b, "    - name: s%d\n      process: {command: [serve, --port, $(PORT)]}\n      resources: {time: 2h}\n      ready: {within: 5m}\n", i)
	}
	b.WriteString("  benchmarks:\n")
	for i := 0; i < services; i += 10 {
		fmt.Fprintf(&b, "    - {name: b%d, target: s%d, serving: {dataset: json, prompts: 100, outputTokens: 16, seed: 1}}\n", i, i)
	}
	files := []v1alpha1.File{{Name: "big.yaml", Data: []byte(b.String())}}
	return func() error {
		m, err := v1alpha1.Decode(files)
		if err == nil && len(m.Experiments[0].Spec.Services) != services {
			err = fmt.Errorf("decoded %d services", len(m.Experiments[0].Spec.Services))
		}
		return err
	}, nothing, nil
}

// planning decides on a world in which all is as declared. Nine of ten listed jobs belong to others.
func planning(services int) (func() error, func(), error) {
	now := time.Unix(1_000_000, 0)
	e := plan.Experiment{Name: "big", Revision: "r", Generation: 1}
	o := plan.Observed{Now: now, Listing: plan.Listing{At: now}, Agents: map[string]plan.Agent{}}
	for i := range services {
		name, nonce, id := fmt.Sprintf("s%d", i), fmt.Sprintf("n%d", i), drivers.JobID(fmt.Sprint(i))
		seat := drivers.Seat{Experiment: e.Name, Group: name}
		p := drivers.Process{Name: name, Fingerprint: "p", Argv: []string{"serve"}, Metrics: "/metrics"}
		e.Services = append(e.Services, plan.Service{Name: name, Slots: 1, Alloc: "a", Proc: "p", Settings: "s", Within: time.Minute, Processes: []drivers.Process{p}})
		o.Attempts = append(o.Attempts, plan.Attempt{Nonce: nonce, Seat: seat, Experiment: e.Name, Alloc: "a", Settings: "s", Begun: now.Add(-time.Hour), JobID: id})
		o.Listing.Jobs = append(o.Listing.Jobs, drivers.Job{ID: id, State: drivers.JobRunning, Tag: drivers.Tag{Store: "us", Seat: seat, Nonce: nonce}})
		o.Agents[nonce] = plan.Agent{
			Desired: drivers.AgentDesired{Generation: 1, Nonce: nonce, Processes: []drivers.Process{p}},
			State: &drivers.AgentState{Nonce: nonce, Generation: 1, Node: "n", Nodes: []drivers.NodeState{{Name: "n", Metrics: "http://n:9/metrics"}}, Processes: []drivers.ProcessState{
				{Name: name, Fingerprint: "p", Phase: drivers.PhaseReady, PhaseFor: 60, Endpoint: "http://n:1", Metrics: "http://n:1/metrics"}}},
		}
	}
	for i := services; i < 10*services; i++ {
		id := fmt.Sprint(i)
		o.Listing.Jobs = append(o.Listing.Jobs, drivers.Job{ID: drivers.JobID(id), State: drivers.JobRunning, Tag: drivers.Tag{Store: "them", Nonce: id}})
	}
	d := plan.Desired{Store: "us", Policy: plan.Policy{Settle: time.Minute, Stale: time.Minute, Proven: time.Hour}, Experiments: []plan.Experiment{e}}
	return func() error {
		if r := plan.Plan(d, o); len(r.Actions) > 0 {
			return errors.New("something is to do: " + r.Actions[0].Message)
		}
		return nil
	}, nothing, nil
}
