package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/fake"
	"assay/reconciler"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// site is a simulated cluster with a store on disk and a loop that has brought everything up.
type site struct {
	store *store.Store
	lease *store.Lease
	loop  *reconciler.Loop
	dir   string
}

// newSite declares services, and records as many runs that have ended.
func newSite(services int) (*site, error) {
	dir, err := os.MkdirTemp("", "assay-corebench-*")
	if err != nil {
		return nil, err
	}
	s := &site{dir: dir}
	if err := s.bringUp(services); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *site) bringUp(services int) (err error) {
	if s.store, err = store.Open(s.dir, store.Options{NoSync: true}); err != nil {
		return err
	}
	lease, err := s.store.Acquire(context.Background(), "corebench", time.Second)
	if err != nil {
		return err
	}
	s.lease = lease
	cluster := fake.New(fake.Options{Nodes: services + 1, Startup: time.Second})
	s.loop = &reconciler.Loop{
		Store: s.store, Lease: lease, Scheduler: cluster, Compile: compile, Clock: cluster.Now, Binary: "assay",
		Probe:  answering,
		Policy: plan.Policy{Settle: time.Minute, Stale: time.Minute, BackoffMax: time.Minute, Proven: time.Hour, RunAttempts: 3},
	}
	e := v1alpha1.Experiment{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindExperiment, Metadata: v1alpha1.Metadata{Name: "big"}}
	for i := range services {
		name := fmt.Sprintf("s%d", i)
		e.Spec.Services = append(e.Spec.Services, v1alpha1.Service{Name: name, Process: &v1alpha1.Process{Command: []string{"serve"}}})
		run := plan.Run{ID: name, Experiment: "big", Benchmark: "gone", Repeat: 1, Attempt: 1, Key: name, Phase: v1alpha1.RunComplete, Created: cluster.Now(), Nonce: "n", JobID: "1"}
		if _, err := lease.CreateRun(run, drivers.SuiteRequest{}); err != nil {
			return err
		}
	}
	if _, _, err := s.store.Accept(store.Revision{Experiment: "big", Owner: "corebench", Spec: e}); err != nil {
		return err
	}
	for range 20 {
		r, err := s.loop.Pass(context.Background())
		if err != nil {
			return err
		}
		if err := s.loop.Finish(context.Background()); err != nil {
			return err
		}
		if len(r.Actions) == 0 && r.Status[0].Services[services-1].Ready == 1 {
			return nil
		}
		cluster.Advance(5 * time.Second)
	}
	return errors.New("the services did not come up")
}

func (s *site) remove() { _ = os.RemoveAll(s.dir) } // in the temporary folder

// compile stands in for drivers/service: the cluster simulates the processes.
func compile(_ v1alpha1.Site, _ v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
	return drivers.Compiled{Kind: "process", Processes: []drivers.Process{{Name: s.Name, Argv: s.Process.Command, Probes: []drivers.Probe{{}}, Metrics: "/metrics"}}}, nil
}

// reading reads the journal and the runs, as every pass does.
func reading(services int) (func() error, func(), error) {
	s, err := newSite(services)
	if err != nil {
		return nil, nil, err
	}
	return func() error {
		attempts, err := s.store.Attempts()
		if err != nil || len(attempts) != services {
			return errors.Join(err, fmt.Errorf("%d attempts", len(attempts)))
		}
		seen, err := s.lease.SeeRuns([]string{"big"})
		if err != nil || len(seen.Open) != 0 || seen.Past["big"].Len() != services {
			return errors.Join(err, fmt.Errorf("%d open runs and %d ended ones", len(seen.Open), seen.Past["big"].Len()))
		}
		return nil
	}, s.remove, nil
}

// passing makes a whole pass: it reads the world, decides that nothing is to do, and publishes.
func passing(services int) (func() error, func(), error) {
	s, err := newSite(services)
	if err != nil {
		return nil, nil, err
	}
	return func() error {
		r, err := s.loop.Pass(context.Background())
		if err == nil && len(r.Actions) > 0 {
			err = errors.New("something is to do: " + r.Actions[0].Message)
		}
		return err
	}, s.remove, nil
}

// answering is the answer of simulated servers.
func answering(context.Context, string, string, drivers.Probe) ([]string, error) { return nil, nil }
