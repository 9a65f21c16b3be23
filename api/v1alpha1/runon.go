package v1alpha1

import (
	"cmp"
	"fmt"
)

// Where the clients of a benchmark run.
const (
	OnController = "controller" // on the controller's host, without a job of the scheduler
	OnTarget     = "target"     // inside the job of the service that is measured
	OnJob        = "job"        // in a job of their own
)

// OwnJobSlack is the walltime that a job of a run gets beyond the run's timeout: starting, claiming, writing results.
const OwnJobSlack = 10 * minute

// RunOn says where the clients of a benchmark run, and what a job of their own asks for.
type RunOn struct {
	On        string    `json:"on,omitempty" validate:"omitempty,oneof=controller target job"` // default target; job for a service without a job
	Nodes     int       `json:"nodes,omitempty" validate:"gte=0,lte=1024"`                     // that send the load of a serving benchmark together; default 1
	Resources Resources `json:"resources,omitzero"`                                            // of the job; its time follows from the timeout
}

// jobOfItsOwn reports whether runs against s cannot be placed in its job: it has none.
func jobOfItsOwn(s Service) bool { return s.External != nil || s.Lustre != nil }

func defaultRunOn(site Site, r RunOn, target Service) *RunOn {
	on := OnTarget
	if jobOfItsOwn(target) {
		on = OnJob
	}
	r.On = cmp.Or(r.On, on)
	if r.On == OnJob {
		if site.Spec.Scheduler == Slurm {
			r.Resources.Partition = cmp.Or(r.Resources.Partition, site.Spec.Defaults.Partition)
			r.Resources.QOS = cmp.Or(r.Resources.QOS, site.Spec.Defaults.QOS)
		}
		r.Resources.GPUsPerNode = orPointer(r.Resources.GPUsPerNode, 0)
	}
	return &r
}

// Nodes is how many nodes the clients of a benchmark use.
func (b Benchmark) Nodes() int {
	switch {
	case b.Storage != nil:
		return b.Storage.Nodes
	case b.Run != nil:
		return max(1, b.Run.Nodes)
	}
	return 1
}

func (c *checker) runOn(path string, site Site, b Benchmark, target Service) {
	r := *b.Run
	switch {
	case r.On == OnTarget && jobOfItsOwn(target):
		c.bad(path+".on", fmt.Sprintf("%s has no job to run in", target.Name), "write on: job, or leave it out")
	case r.On != OnJob && r.Resources != (Resources{}):
		c.bad(path+".resources", "has no meaning with on: "+r.On+", which asks the scheduler for nothing", "write on: job")
	case r.Nodes > 0 && b.Storage != nil:
		c.bad(path+".nodes", "follows from storage.nodes", "remove it")
	case r.Nodes > 1 && b.Vector != nil:
		c.bad(path+".nodes", "a vector benchmark has its clients on one node", "remove it")
	case r.On == OnController && b.Nodes() > 1:
		c.bad(path+".on", fmt.Sprintf("the controller's host is one node, and the clients need %d", b.Nodes()), "write on: job")
	case b.Serving != nil && b.Serving.Concurrency > 0 && b.Serving.Concurrency < r.Nodes:
		c.bad(path+".nodes", fmt.Sprintf("%d nodes cannot share %d requests in flight", r.Nodes, b.Serving.Concurrency), "raise serving.concurrency")
	case r.On == OnTarget && r.Nodes > *target.Nodes:
		c.bad(path+".nodes", fmt.Sprintf("the job of %s has %d", target.Name, *target.Nodes), "write on: job")
	case r.On != OnJob:
		return
	case r.Resources.Time > 0:
		c.bad(path+".resources.time", "follows from the timeout of the benchmark", "remove it")
	default:
		nodes := b.Nodes()
		r.Resources.Time = b.Timeout + OwnJobSlack
		c.resources(site, path, Service{Nodes: &nodes, Resources: r.Resources})
	}
}
