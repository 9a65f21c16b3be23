package admit

import (
	"fmt"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// demand is what an experiment asks of the scheduler in one place: an allocation with its replicas, or the runs of a
// benchmark that have jobs of their own.
type demand struct {
	job    drivers.JobSpec
	copies int // at once
	again  int // more of them while they are renewed
	run    *v1alpha1.Benchmark
	index  int            // of the service or the benchmark in the manifest
	by     map[string]int // of a group: field -> the service that declares it, where it is not the first
	shared []string       // names of the services of a group
}

// demands are all jobs that an experiment has at one point of its sweep, in the order of the manifest.
func demands(site v1alpha1.Site, e v1alpha1.Experiment) (out []*demand) {
	groups := map[string]*demand{}
	for i, s := range e.Spec.Services {
		if s.External != nil || s.Lustre != nil || s.Type() == "" {
			continue
		}
		job := plan.ServiceJob(site, s)
		if d := groups[s.Group]; d != nil && s.Group != "" {
			d.join(site, s, job, i)
			continue
		}
		d := &demand{job: job, copies: 1, index: i}
		if s.Replicas != nil {
			d.copies = s.Replicas.Least()
		}
		if s.Renew.Policy == v1alpha1.Overlap {
			d.again = d.copies
		}
		if s.Group != "" {
			groups[s.Group], d.shared = d, []string{s.Name}
		}
		out = append(out, d)
	}
	for i := range e.Spec.Benchmarks {
		if b := &e.Spec.Benchmarks[i]; b.Run != nil && b.Run.On == v1alpha1.OnJob {
			out = append(out, &demand{job: plan.RunJob(site, *b), copies: 1, run: b, index: i})
		}
	}
	return out
}

// at is the path of the service or the benchmark.
func (d *demand) at() string {
	if d.run != nil {
		return fmt.Sprintf("spec.benchmarks[%d]", d.index)
	}
	return fmt.Sprintf("spec.services[%d]", d.index)
}

// path is where a field of the job is declared.
func (d *demand) path(field string) string {
	at := d.at()
	if i, ok := d.by[field]; ok {
		at = fmt.Sprintf("spec.services[%d]", i)
	}
	switch b := d.run; {
	case b != nil && field == Time:
		return at + ".timeout"
	case b != nil && b.Storage != nil && field == Nodes:
		return at + ".storage.nodes"
	case b != nil && b.Storage != nil && field == CPUs && b.Run.Resources.CPUsPerNode == 0:
		return at + ".storage.tasksPerNode"
	case b != nil:
		at += ".run"
	}
	switch field {
	case Nodes:
		return at + ".nodes"
	case Licenses, Account:
		return "spec.site"
	case Reservation:
		return at + ".resources.qos"
	}
	return at + ".resources." + field
}

// word is what runs that are measured together share.
func (d *demand) word() string {
	if d.run.Together != "" {
		return d.run.Together
	}
	return d.at()
}

// join adds a service of the same group. A field is declared by the service that asks for most, or by the one that makes a
// sum of it.
func (d *demand) join(site v1alpha1.Site, s v1alpha1.Service, job drivers.JobSpec, at int) {
	if d.by == nil {
		d.by = map[string]int{}
	}
	for field, more := range map[string]bool{Nodes: job.Nodes > d.job.Nodes, Time: job.Time > d.job.Time,
		GPUs: job.GPUsPerNode > 0, CPUs: job.CPUsPerNode > 0, Memory: job.MemoryPerNode > 0} {
		if more {
			d.by[field] = at
		}
	}
	d.job = plan.ShareJob(d.job, job, plan.WholeNodes(site, d.job.Partition))
	d.shared = append(d.shared, s.Name)
	if s.Renew.Policy != v1alpha1.Overlap {
		d.again = 0
	}
}

// what names the demand in a sentence.
func (d *demand) what() string {
	if len(d.shared) > 1 {
		return " (" + strings.Join(d.shared, ", ") + " together)"
	}
	return ""
}
