package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/container"
	"assay/drivers/local"
	"assay/drivers/prometheus"
	"assay/drivers/service"
	"assay/drivers/slurm"
	"assay/drivers/split"
	"assay/reconciler"
	"assay/reconciler/plan"
	"assay/reconciler/probe"
	"assay/reconciler/store"
)

const (
	leaseTTL = 30 * time.Second
	// scrapeEvery is the reference system's interval.
	scrapeEvery = 5 * time.Second
	retain      = 30 * 24 * time.Hour
)

// runner is a loop with what it needs from this process.
type runner struct {
	*reconciler.Loop
	embedded *prometheus.Embedded
}

// newLoop wires the implementations. Without a lease the loop can only look.
func (a *app) newLoop(st *store.Store, site v1alpha1.Site, lease *store.Lease) (*runner, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding assay's own binary: %w", err)
	}
	if lease != nil {
		if self, err = st.InstallBinary(self); err != nil {
			return nil, err
		}
	}
	if lease != nil {
		if err := os.MkdirAll(site.Spec.Paths.Work, 0o700); err != nil { // containers bind it, so it has to be there
			return nil, fmt.Errorf("making the folder of the services' data (paths.work): %w", err)
		}
	}
	sched, err := a.scheduler(st, site, self)
	if err != nil {
		return nil, err
	}
	r := &runner{Loop: &reconciler.Loop{
		Store: st, Lease: lease, Site: site, Scheduler: sched, Compile: compileService, Folders: directories{site.Spec.Paths.Work}, Probe: probe.Check,
		Binary: self, Policy: policy(site), Log: a.logger(),
	}}
	if site.Spec.Prometheus != nil {
		r.Metrics, err = prometheus.NewClient(site.Spec.Prometheus.URL, time.Minute)
		return r, err
	}
	if lease != nil {
		err = r.embed(st, a)
	}
	return r, err
}

// compileService turns a declared service into processes, in containers where the site runs them.
func compileService(site v1alpha1.Site, e v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
	c, err := service.Compile(site, e, s)
	if err != nil {
		return c, err
	}
	return container.Wrap(site, s, c)
}

func (a *app) scheduler(st *store.Store, site v1alpha1.Site, self string) (drivers.Scheduler, error) {
	o := local.Options{Shepherd: []string{self, "local-shepherd"}}
	if site.Spec.Scheduler != v1alpha1.Slurm {
		return local.New(filepath.Join(st.Dir(), "local"), o)
	}
	cluster, err := slurm.New()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("finding this host's name: %w", err)
	}
	o.Prefix = split.Prefix
	here, err := local.New(filepath.Join(st.Dir(), "here", host), o)
	return split.Scheduler{Cluster: cluster, Here: here}, err
}

// policy derives the core's numbers from the site: what may still be invisible after two listings is not there.
func policy(site v1alpha1.Site) plan.Policy {
	return plan.Policy{
		Settle:      max(2*site.Spec.Poll.Every.Std(), 5*time.Second),
		Stale:       30 * time.Second,
		BackoffMax:  5 * time.Minute,
		Proven:      10 * time.Minute,
		RunAttempts: 3,
	}
}

// embed starts the embedded Prometheus on a local disk: the TSDB does not work on shared file systems.
func (r *runner) embed(st *store.Store, a *app) error {
	dir, err := tsdbFolder(st)
	if err != nil {
		return err
	}
	e, err := prometheus.Start(prometheus.Options{
		Dir: dir, Listen: "127.0.0.1:0", Interval: scrapeEvery, Retain: retain, Log: a.logger(),
		Textfile: filepath.Join(st.Dir(), reconciler.MetricsFile),
	})
	if err != nil {
		return err
	}
	r.embedded, r.Metrics = e, e
	if err := os.WriteFile(filepath.Join(st.Dir(), prometheusFile), []byte(e.URL()+"\n"), 0o600); err != nil {
		return errors.Join(fmt.Errorf("writing where Prometheus answers: %w", err), e.Close())
	}
	return nil
}

func (r *runner) prometheusLine() string {
	if r.embedded != nil {
		return "Prometheus API: " + r.embedded.URL()
	}
	return "Prometheus: " + r.Site.Spec.Prometheus.URL
}

// withLoop takes the lease, runs the loop beside body, and gives the lease back. Exit code 5 when somebody has it.
func (a *app) withLoop(ctx context.Context, st *store.Store, site v1alpha1.Site, what string, body func(context.Context, *runner) error) (err error) {
	lease, err := st.Acquire(ctx, what, leaseTTL)
	if held, ok := errors.AsType[*store.HeldError](err); ok {
		return exitError{exitLeaseHeld, held}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lease.Release()) }()
	r, err := a.newLoop(st, site, lease)
	if err != nil {
		return err
	}
	if r.embedded != nil {
		defer func() { err = errors.Join(err, os.Remove(filepath.Join(st.Dir(), prometheusFile)), r.embedded.Close()) }()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil && ctx.Err() == nil {
			cancel(err)
		}
	}()
	err = body(ctx, r)
	cancel(nil)
	<-done
	return err
}

// withLoopOrController runs body beside a loop: ours when the lease is free, else that of the controller which has it.
// If that one goes away while body waits, ours takes over.
func (a *app) withLoopOrController(ctx context.Context, st *store.Store, site v1alpha1.Site, what string, body func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	result := make(chan error, 1)
	go func() { result <- body(ctx) }()
	told := false
	for {
		err := a.withLoop(ctx, st, site, what, func(ctx context.Context, _ *runner) error {
			select {
			case err := <-result:
				result <- err
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		held, ok := errors.AsType[*store.HeldError](err)
		if !ok {
			if err != nil && ctx.Err() == nil {
				cancel(err)
				<-result
				return err
			}
			return <-result
		}
		if !told {
			a.say("%s (pid %d on %s) holds the lease and does the work; following it.", held.Holder.What, held.Holder.PID, held.Holder.Host)
			told = true
		}
		select {
		case err := <-result:
			return err
		case <-time.After(time.Second):
		}
	}
}
