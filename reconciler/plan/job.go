package plan

import (
	"cmp"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// ServiceJob is what a service asks of a site's scheduler, alone. Defaults are filled in.
func ServiceJob(site v1alpha1.Site, s v1alpha1.Service) drivers.JobSpec {
	nodes := 1
	if s.Nodes != nil {
		nodes = *s.Nodes
	}
	return resourcesJob(site, s.Resources, nodes)
}

// RunJob is what a run of a benchmark asks of a site's scheduler when it has a job of its own, or of the controller's host.
func RunJob(site v1alpha1.Site, b v1alpha1.Benchmark) drivers.JobSpec {
	var on v1alpha1.RunOn
	if b.Run != nil {
		on = *b.Run
	}
	on.Resources.Time = b.Timeout + v1alpha1.OwnJobSlack
	if on.On == v1alpha1.OnController {
		return drivers.JobSpec{Here: true, Nodes: 1, Time: on.Resources.Time.Std()}
	}
	if b.Storage != nil && on.Resources.CPUsPerNode == 0 {
		on.Resources.CPUsPerNode = b.Storage.TasksPerNode
	}
	return resourcesJob(site, on.Resources, b.Nodes())
}

func resourcesJob(site v1alpha1.Site, r v1alpha1.Resources, nodes int) drivers.JobSpec {
	partition, qos := cmp.Or(r.Partition, site.Spec.Defaults.Partition), cmp.Or(r.QOS, site.Spec.Defaults.QOS)
	job := drivers.JobSpec{
		Partition: partition, QOS: qos, Account: site.Spec.Account, Reservation: site.Spec.QOS[qos].Reservation[partition],
		Nodes: nodes, CPUsPerNode: r.CPUsPerNode, MemoryPerNode: int64(r.MemoryPerNode), Time: r.Time.Std(),
		Modules: site.Spec.Modules, Directives: site.Spec.Sbatch,
	}
	if r.GPUsPerNode != nil && *r.GPUsPerNode > 0 {
		job.GPUsPerNode, job.GRES = *r.GPUsPerNode, site.Spec.Partitions[partition].GRES
	}
	return job
}

// ShareJob adds what a second service of a group asks for to what the others ask for: the most nodes, all GPUs, CPUs and
// memory, the longest time. Where nodes come whole CPUs and memory are not added: a sum could only be more than there is.
func ShareJob(job, other drivers.JobSpec, wholeNodes bool) drivers.JobSpec {
	job.Nodes, job.Time = max(job.Nodes, other.Nodes), max(job.Time, other.Time)
	job.GPUsPerNode, job.GRES = job.GPUsPerNode+other.GPUsPerNode, cmp.Or(job.GRES, other.GRES)
	job.CPUsPerNode, job.MemoryPerNode = job.CPUsPerNode+other.CPUsPerNode, job.MemoryPerNode+other.MemoryPerNode
	if wholeNodes {
		job.CPUsPerNode, job.MemoryPerNode = 0, 0
	}
	return job
}

// WholeNodes reports whether jobs in a partition of a site get their nodes whole.
func WholeNodes(site v1alpha1.Site, partition string) bool {
	return site.Spec.WholeNodes || site.Spec.Partitions[cmp.Or(partition, site.Spec.Defaults.Partition)].WholeNodes
}

// NodeGPUs are the GPUs that a job holds on each node of a partition although it asks for none: those of whole nodes.
func NodeGPUs(site v1alpha1.Site, partition string) int {
	if !WholeNodes(site, partition) {
		return 0
	}
	return site.Spec.Partitions[cmp.Or(partition, site.Spec.Defaults.Partition)].GPUsPerNode
}
