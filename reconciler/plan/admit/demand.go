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
	copies int               // at once
	again  int               // more of them while they are renewed
	run    string            // of runs: the word of those that are measured together, or the benchmark's own name
	paths  map[string]string // field -> where it is declared
	at     string            // service or benchmark
	shared []string          // names of the services of a group
}

// demands are all jobs that an experiment has at one point of its sweep, in the order of the manifest.
func demands(site v1alpha1.Site, e v1alpha1.Experiment) (out []*demand) {
	groups := map[string]*demand{}
	for i, s := range e.Spec.Services {
		if s.External != nil || s.Lustre != nil || s.Type() == "" {
			continue
		}
		at := fmt.Sprintf("spec.services[%d]", i)
		job := plan.ServiceJob(site, s)
		if d := groups[s.Group]; d != nil && s.Group != "" {
			d.join(site, s, job, at)
			continue
		}
		d := &demand{job: job, copies: 1, paths: servicePaths(at), at: at, shared: []string{s.Name}}
		if s.Replicas != nil {
			d.copies = s.Replicas.Least()
		}
		if s.Renew.Policy == v1alpha1.Overlap {
			d.again = d.copies
		}
		if s.Group != "" {
			groups[s.Group] = d
		}
		out = append(out, d)
	}
	for i, b := range e.Spec.Benchmarks {
		if b.Run == nil || b.Run.On != v1alpha1.OnJob {
			continue
		}
		at := fmt.Sprintf("spec.benchmarks[%d]", i)
		run := "alone " + at
		if b.Together != "" {
			run = b.Together
		}
		out = append(out, &demand{job: plan.RunJob(site, b), copies: 1, run: run, at: at, paths: runPaths(at, b)})
	}
	return out
}

func servicePaths(at string) map[string]string {
	paths := map[string]string{Nodes: at + ".nodes", Licenses: "spec.site", Account: "spec.site", Reservation: at + ".resources.qos"}
	for _, field := range []string{GPUs, CPUs, Memory, Time, Partition, QOS} {
		paths[field] = at + ".resources." + field
	}
	return paths
}

func runPaths(at string, b v1alpha1.Benchmark) map[string]string {
	paths := servicePaths(at + ".run")
	paths[Time] = at + ".timeout"
	if b.Storage != nil {
		paths[Nodes] = at + ".storage.nodes"
		if b.Run.Resources.CPUsPerNode == 0 {
			paths[CPUs] = at + ".storage.tasksPerNode"
		}
	}
	return paths
}

// join adds a service of the same group. A field is declared by the service that asks for most, or by the one that makes a
// sum of it.
func (d *demand) join(site v1alpha1.Site, s v1alpha1.Service, job drivers.JobSpec, at string) {
	theirs := servicePaths(at)
	for field, more := range map[string]bool{Nodes: job.Nodes > d.job.Nodes, Time: job.Time > d.job.Time,
		GPUs: job.GPUsPerNode > 0, CPUs: job.CPUsPerNode > 0, Memory: job.MemoryPerNode > 0} {
		if more {
			d.paths[field] = theirs[field]
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
