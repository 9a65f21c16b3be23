package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/container"
	"assay/drivers/durable"
	"assay/drivers/local"
	"assay/drivers/lustre"
	"assay/drivers/procid"
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
	scrapeEvery = 5 * time.Second // the reference system's interval
	retain      = 30 * 24 * time.Hour
)

// runner is a loop with what it needs from this process.
type runner struct {
	*reconciler.Loop
	embedded *prometheus.Kept // nil: the site has a Prometheus, or the loop only previews
}

// newLoop wires the implementations. Without a lease the loop can only preview.
func (a *app) newLoop(st *store.Store, site v1alpha1.Site, lease *store.Lease) (*runner, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding assay's own binary: %w", err)
	}
	if lease != nil {
		if binary, err = st.InstallBinary(binary); err != nil {
			return nil, err
		}
		if _, err := st.Token(drivers.ScrapeToken); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(site.Spec.Paths.Work, 0o700); err != nil { // containers bind it, so it has to be there
			return nil, fmt.Errorf("making the folder of the services' data (paths.work): %w", err)
		}
	}
	sched, err := a.scheduler(st, site, binary)
	if err != nil {
		return nil, err
	}
	r := &runner{Loop: &reconciler.Loop{
		Store: st, Lease: lease, Site: site, Scheduler: sched, Compile: compileService, Folders: lustre.Directories{Work: site.Spec.Paths.Work}, Probe: probe.Check,
		Binary: binary, Policy: policy(site), Log: a.logger(),
		Place: func(ctx context.Context) (drivers.Place, error) { return place(ctx, site) },
	}}
	switch {
	case site.Spec.Prometheus != nil:
		r.Metrics, err = prometheus.NewClient(site.Spec.Prometheus.URL, "", time.Minute)
	case lease != nil:
		err = r.embed(st, a)
	}
	return r, err
}

// compileService turns a declared service into processes, in containers where the site runs them, with their parents.
func compileService(site v1alpha1.Site, e v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
	c, err := service.Compile(site, e, s)
	if err != nil {
		return c, err
	}
	if c, err = container.Wrap(site, s, c); err != nil {
		return c, err
	}
	return service.UnderParents(c), nil
}

// scheduler is the site's. On a cluster, clients that run on this host get a local one next to it.
func (a *app) scheduler(st *store.Store, site v1alpha1.Site, binary string) (drivers.Scheduler, error) {
	o := local.Options{Shepherd: []string{binary, "local-shepherd"}}
	if site.Spec.Scheduler != v1alpha1.Slurm {
		return local.New(filepath.Join(st.Dir(), "local"), o)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("finding this host's name: %w", err)
	}
	o.Prefix, o.Away = split.Prefix, true
	s := split.Scheduler{Cluster: slurm.New()}
	root := filepath.Join(st.Dir(), "here")
	if s.Here, err = local.New(filepath.Join(root, host), o); err != nil {
		return nil, err
	}
	hosts, err := durable.Names(root)
	for _, other := range hosts {
		if other == host || err != nil {
			continue
		}
		var away *local.Scheduler
		away, err = local.New(filepath.Join(root, other), o)
		s.Away = append(s.Away, away)
	}
	return s, err
}

// policy derives the core's numbers from the site: a job that two listings do not show does not exist.
func policy(site v1alpha1.Site) plan.Policy {
	return plan.Policy{
		Settle:      max(2*site.Spec.Poll.Every.Std(), 5*time.Second),
		Stale:       30 * time.Second,
		BackoffMax:  5 * time.Minute,
		Proven:      10 * time.Minute,
		RunAttempts: 4,
		Away:        leaseTTL + 30*time.Second,
		Hold:        30 * time.Minute,
		OfService:   1,
		OneIn:       5,
	}
}

// embed keeps an embedded Prometheus on a local disk, because its database does not work on shared file systems, and its
// address in the state directory. A controller works without it.
func (r *runner) embed(st *store.Store, a *app) error {
	place, err := tsdbPlace(st, r.Site)
	if err != nil {
		return err
	}
	query, err := st.Token(drivers.QueryToken)
	if err != nil {
		return err
	}
	path := filepath.Join(st.Dir(), store.PrometheusFile)
	r.embedded = prometheus.Keep(prometheus.Options{
		Listen: "127.0.0.1:0", Interval: scrapeEvery, Retain: retain, Log: a.logger(), Textfile: filepath.Join(st.Dir(), reconciler.MetricsFile),
		Token: query, Scrape: drivers.SecretFile(st.Dir(), drivers.ScrapeToken),
	}, place, func(url string) error {
		if url != "" {
			return durable.Writer{}.ReplaceRecord(path, procid.Address{URL: url, Owner: procid.Self()}, nil)
		}
		if at, err := durable.OptionalRecord[procid.Address](path); err == nil && at != nil && at.Owner != procid.Self() {
			return nil // a successor's: this controller lost its lease
		}
		return durable.Writer{}.Remove(path)
	})
	r.Metrics = r.embedded
	return nil
}

// close stops what newLoop started in this process.
func (r *runner) close() error {
	if r.embedded == nil {
		return nil
	}
	return r.embedded.Close()
}

func (r *runner) prometheusLine() string {
	if r.embedded == nil {
		return "Prometheus: " + r.Site.Spec.Prometheus.URL
	}
	url, err := r.embedded.URL()
	if err != nil {
		return "Prometheus: " + err.Error()
	}
	return "Prometheus API: " + url
}
