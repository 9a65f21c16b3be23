package v1alpha1

import (
	"cmp"
	"slices"
	"time"
)

// The schedulers that a site can name.
const (
	Slurm = "slurm"
	Local = "local" // also the name of the built-in site
)

const (
	second = Duration(time.Second)
	minute = Duration(time.Minute)
	hour   = Duration(time.Hour)
)

// LocalSite is the site that needs no declaration: processes of this machine.
func LocalSite() Site {
	return DefaultSite(Site{
		APIVersion: APIVersion,
		Kind:       KindSite,
		Metadata:   Metadata{Name: Local},
		Spec:       SiteSpec{Scheduler: Local},
	})
}

// DefaultSite returns s with what it leaves out. Paths stay empty: they depend on who runs assay.
func DefaultSite(s Site) Site {
	every, atMost := 15*second, 2*minute
	if s.Spec.Scheduler == Local {
		every, atMost = second, 10*second
	}
	p := &s.Spec.Poll
	switch { // a bound that is given moves the default of the other
	case p.Every == 0 && p.AtMost == 0:
		p.Every, p.AtMost = every, atMost
	case p.Every == 0:
		p.Every = min(every, p.AtMost)
	case p.AtMost == 0:
		p.AtMost = max(atMost, p.Every)
	}
	s.Spec.Submit.Parallel = cmp.Or(s.Spec.Submit.Parallel, 8)
	return s
}

// Default returns e with everything filled in that it leaves out. It does not change e, nor memory that e shares.
func Default(site Site, e Experiment) Experiment {
	e.Spec.Site = cmp.Or(e.Spec.Site, site.Metadata.Name)
	e.Spec.WhenDone = cmp.Or(e.Spec.WhenDone, "Keep")
	e.Spec.Services = slices.Clone(e.Spec.Services)
	shareGroups(e.Spec.Services)
	for i := range e.Spec.Services {
		defaultService(site, &e.Spec.Services[i])
	}
	e.Spec.Benchmarks = slices.Clone(e.Spec.Benchmarks)
	for i := range e.Spec.Benchmarks {
		defaultBenchmark(site, e.Spec.Services, &e.Spec.Benchmarks[i])
	}
	return e
}

func defaultService(site Site, s *Service) {
	within := 5 * minute
	if s.Serves() {
		within = 30 * minute
	}
	s.Ready.Within = cmp.Or(s.Ready.Within, within)
	if s.External != nil || s.Lustre != nil {
		return // it has no job
	}
	s.Replicas = defaultReplicas(s.Replicas)
	s.Nodes = orPointer(s.Nodes, 1)
	defaultResources(site, s)
	s.Live = s.Watch()
	s.Restart.Limit = orPointer(s.Restart.Limit, 5)
	backoff := 10 * second
	if site.Spec.Scheduler == Local {
		backoff = 2 * second
	}
	s.Restart.Backoff = cmp.Or(s.Restart.Backoff, backoff)
	s.Fence = cmp.Or(s.Fence, 5*minute)
	defaultRenewal(s)
	if s.keyName() != "" {
		s.Auth = cmp.Or(s.Auth, AuthKey)
	}
	if s.Monitors != nil {
		m := *s.Monitors
		if len(m.Components) == 0 {
			m.Components = []string{"prometheus", "grafana", "otel-collector"}
		}
		m.Retention = cmp.Or(m.Retention, 30*24*hour)
		s.Monitors = &m
	}
	defaultModels(site, s)
}

func defaultResources(site Site, s *Service) {
	r := &s.Resources
	gpus := 0
	if site.Spec.Scheduler == Slurm {
		r.Partition = cmp.Or(r.Partition, site.Spec.Defaults.Partition)
		r.QOS = cmp.Or(r.QOS, site.Spec.Defaults.QOS)
		if s.Serves() {
			gpus = site.Spec.Partitions[r.Partition].GPUsPerNode
		}
	}
	r.GPUsPerNode = orPointer(r.GPUsPerNode, gpus)
	r.Time = cmp.Or(r.Time, site.Spec.Defaults.Time, hour)
}

// DefaultRetryInvalid is the default of Benchmark.RetryInvalid. It is not written into the resolved manifest, because it
// changes nothing that is measured.
const DefaultRetryInvalid = 2

func defaultBenchmark(site Site, services []Service, b *Benchmark) {
	b.Repeats = orPointer(b.Repeats, Repeats{Runs: 1})
	if b.Compare != nil {
		compare := *b.Compare
		compare.Order = cmp.Or(compare.Order, "alternating")
		b.Compare, b.Target = &compare, cmp.Or(b.Target, compare.A)
	}
	target, _ := named(services, b.Target)
	if b.Timeout == 0 {
		b.Timeout = 30 * minute
		if target.Resources.Time > 0 {
			b.Timeout = min(b.Timeout, target.Resources.Time/2)
		}
	}
	var on RunOn
	if b.Run != nil {
		on = *b.Run
	}
	b.Run = defaultRunOn(site, on, target)
	if b.Serving != nil {
		b.Serving = defaultServing(*b.Serving)
	}
	if b.Search != nil {
		b.Search = defaultSearch(*b.Search)
	}
	if b.Vector != nil {
		b.Vector = defaultVector(*b.Vector, b.Search != nil)
	}
	if b.Storage != nil {
		b.Storage = defaultStorage(*b.Storage)
	}
}

// orPointer returns p, or a pointer to the default.
func orPointer[T any](p *T, value T) *T {
	if p != nil {
		return p
	}
	return &value
}
