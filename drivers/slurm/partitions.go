package slurm

import (
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// partitions reads `scontrol show partition --oneliner` into the site: those that this user's jobs can be in. Of others a note
// says why they are left out.
func (f *facts) partitions(text string, nodes []machine) {
	f.Spec.Partitions = map[string]v1alpha1.Partition{}
	whole := true
	for _, r := range readRecords(text) {
		name := r["PartitionName"]
		if name == "" {
			continue
		}
		if why := f.closed(r); why != "" {
			f.note("partitions", "", "partition %s is left out: %s", name, why)
			continue
		}
		var members []machine
		for _, m := range nodes {
			if slices.Contains(m.partitions, name) {
				members = append(members, m)
			}
		}
		p := f.partition(name, r, members)
		f.Spec.Partitions[name] = p
		whole = whole && p.WholeNodes
		if r["Default"] == "YES" {
			f.Spec.Defaults.Partition = name
		}
	}
	f.Spec.WholeNodes = whole && len(f.Spec.Partitions) > 0
}

// closed says why no job of this user is accepted in a partition.
func (f *facts) closed(r map[string]string) string {
	groups := listOf(r["AllowGroups"])
	switch state := r["State"]; {
	case !f.names(r["PartitionName"]):
		return "its name cannot be written in a manifest"
	case state == "INACTIVE" || state == "DRAIN":
		return "it is " + state + " now, and no job is accepted in it"
	case r["RootOnly"] == "YES" && f.who.UID != 0:
		return "only root submits to it"
	case r["ReqResv"] == "YES":
		return "it takes only jobs with a reservation"
	case len(groups) > 0 && f.who.UID != 0 && !slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(f.who.Groups, g) }):
		return "it is for the groups " + strings.Join(groups, ", ")
	}
	return ""
}

// partition is one, with the nodes in it.
func (f *facts) partition(name string, r map[string]string, nodes []machine) v1alpha1.Partition {
	sets, types := kinds(nodes)
	p := v1alpha1.Partition{Nodes: len(nodes), MinNodes: count(r["MinNodes"]), MaxNodes: count(r["MaxNodes"]),
		MaxTime: v1alpha1.Duration(limitOf(r["MaxTime"])), DefaultTime: v1alpha1.Duration(limitOf(r["DefaultTime"])),
		WholeNodes: f.settings.wholeNodes || strings.HasPrefix(r["OverSubscribe"], "EXCLUSIVE") || r["Exclusive"] == "NODE", // 26.05 says it so
		AllowQOS:   listOf(r["AllowQos"]), DenyQOS: listOf(r["DenyQos"]), AllowAccounts: listOf(r["AllowAccounts"]), DenyAccounts: listOf(r["DenyAccounts"])}
	if p.MinNodes == 1 {
		p.MinNodes = 0 // says nothing
	}
	if qos := listOf(r["QoS"]); len(qos) == 1 {
		p.QOS = qos[0]
	}
	p.MaxMemoryPerNode = v1alpha1.Quantity(count(r["MaxMemPerNode"])) << 20
	for i := range sets {
		sets[i].CPUsPerNode = least(sets[i].CPUsPerNode, count(r["MaxCPUsPerNode"]))
		p.GPUsPerNode = max(p.GPUsPerNode, sets[i].GPUsPerNode)
		p.CPUsPerNode = max(p.CPUsPerNode, sets[i].CPUsPerNode)
		p.MemoryPerNode = max(p.MemoryPerNode, sets[i].MemoryPerNode)
	}
	if len(sets) > 1 {
		p.NodeSets = sets
	}
	f.partitionNotes(name, r, p, types)
	return p
}

func (f *facts) partitionNotes(name string, r map[string]string, p v1alpha1.Partition, types []string) {
	if len(types) > 0 {
		f.note("partitions", name, "its GPUs are of type %s; write gres: gpu:%s to ask for the type, and not just for any GPU", strings.Join(types, ", "), types[0])
	}
	if r["State"] == "DOWN" {
		f.note("partitions", name, "it is DOWN now: jobs are accepted and wait")
	}
	if p.Nodes == 0 {
		f.note("partitions", name, "no node of it is shown to you: what a node has is unknown; ask the site, or look inside a job")
	}
	if per := listOf(r["MaxMemPerCPU"]); len(per) == 1 && per[0] != "UNLIMITED" {
		f.note("partitions", name, "a job that asks for more than %s MB of memory per CPU gets more CPUs (MaxMemPerCPU)", per[0])
	}
	if nodes := listOf(r["AllocNodes"]); len(nodes) > 0 {
		f.note("partitions", name, "jobs can be submitted only on %s", strings.Join(nodes, ","))
	}
}
