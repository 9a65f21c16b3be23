package plan

import (
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Cost is what some jobs of an experiment use at most.
type Cost struct {
	Experiment string
	Object     string          // service/NAME, or runs/BENCHMARK
	Job        drivers.JobSpec // of each
	Jobs       int
	Each       time.Duration // what each is counted with: its walltime, or what its runs took so far
	Measured   bool          // the latter
	Usage      Usage         // of all of them
	Note       string        // what comes on top, or instead
}

// Costs are what every allocation of a desired set uses until its walltime, and the jobs of runs until their timeouts, or for
// as long as such runs took; measured is that length by experiment/benchmark. An allocation that stays from one point of a
// sweep to the next counts once. What is renewed costs as much again each time.
func Costs(d Desired, measured map[string]time.Duration) (out []Cost) {
	for _, e := range sortedExperiments(d.Experiments) {
		last := map[string]string{}
		for _, p := range e.points() {
			services := make([]*service, len(p.Services))
			for i, s := range p.Services {
				services[i] = &service{Service: s}
			}
			allocs, _ := allocate(services)
			for _, a := range allocs {
				if last[a.name] != a.alloc {
					last[a.name] = a.alloc
					out = addCost(out, e.Name, a.cost())
				}
			}
			for i := range p.Benchmarks {
				if b := &p.Benchmarks[i]; b.OwnJob {
					out = addCost(out, e.Name, b.cost(measured[e.Name+"/"+b.Name]))
				}
			}
		}
	}
	return out
}

// addCost adds a cost to an equal one.
func addCost(all []Cost, experiment string, c Cost) []Cost {
	c.Experiment = experiment
	for i := range all {
		o := &all[i]
		if o.Experiment == c.Experiment && o.Object == c.Object && o.Each == c.Each && o.Job.Nodes == c.Job.Nodes && o.Job.GPUsPerNode == c.Job.GPUsPerNode && o.Job.Partition == c.Job.Partition && o.Job.QOS == c.Job.QOS {
			o.Jobs, o.Usage = o.Jobs+c.Jobs, o.Usage.Plus(c.Usage)
			return all
		}
	}
	return append(all, c)
}

// cost is that of one walltime of every slot.
func (a *allocation) cost() Cost {
	c := Cost{Object: "service/" + a.name, Job: a.job, Jobs: a.slots, Each: a.job.Time}
	c.Usage = a.holds.For(a.job.Time * time.Duration(a.slots))
	switch {
	case a.overlaps():
		c.Note = "the next walltime overlaps it; each costs as much again"
	case a.renew.policy() != v1alpha1.Never:
		c.Note = "each further walltime costs as much again"
	}
	return c
}

// cost is that of the jobs of all runs of a benchmark.
func (b *Benchmark) cost(measured time.Duration) Cost {
	n := max(b.Repeats, 1)
	if b.Other != "" {
		n *= 2
	}
	c := Cost{Object: "runs/" + b.Name, Job: b.Job, Jobs: n, Each: b.Job.Time, Measured: measured > 0}
	if c.Measured {
		c.Each = min(measured, b.Job.Time)
	}
	if b.Job.Here {
		c.Note = "on the controller's host, outside the scheduler"
	}
	if b.Search != nil {
		c.Note = fmt.Sprintf("of one run of a search, which makes at most %d", v1alpha1.MostSearchRuns)
	}
	c.Usage = HeldBy(b.Job, b.NodeGPUs).For(c.Each * time.Duration(n))
	return c
}
