package admit

import (
	"fmt"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// partition holds a job against its partition. Without a name it is the scheduler's default, of which nothing is known.
func (l Limits) partition(j drivers.JobSpec) (found []Finding) {
	p, ok := l.Site.Spec.Partitions[j.Partition]
	switch {
	case j.Partition == "":
		return nil
	case !ok && l.Site.Spec.Partitions != nil:
		return []Finding{{Field: Partition, Message: "the site has no partition " + j.Partition, Unknown: true}}
	}
	name := "partition " + j.Partition
	late := l.Site.Spec.EnforcePartLimits == "NO"     // what is checked only when the job would start
	few := late && l.Site.Spec.SlurmVersion > "24.12" // so are too few nodes, but there must be the least that can have what is asked
	if all := l.nodesOf(j, p); !all.none() {
		least := 0
		if few {
			least = p.MinNodes
		}
		found = append(found, all.findings(j, least, name)...)
	}
	switch {
	case p.MaxNodes > 0 && j.Nodes > p.MaxNodes:
		found = append(found, Finding{Field: Nodes, Message: fmt.Sprintf("%d is more than %s allows (%d)", j.Nodes, name, p.MaxNodes), instead: []string{fmt.Sprintf("nodes: %d", p.MaxNodes)}})
	case j.Nodes < p.MinNodes:
		found = append(found, Finding{Field: Nodes, Message: fmt.Sprintf("%d is less than %s asks for (%d)", j.Nodes, name, p.MinNodes), Waits: few, instead: []string{fmt.Sprintf("nodes: %d", p.MinNodes)}})
	}
	if p.MaxMemoryPerNode > 0 && j.MemoryPerNode > int64(p.MaxMemoryPerNode) {
		found = append(found, Finding{Field: Memory, Message: fmt.Sprintf("%s is more than %s allows (%s)", v1alpha1.Quantity(j.MemoryPerNode), name, p.MaxMemoryPerNode), Waits: late,
			instead: []string{"memoryPerNode: " + p.MaxMemoryPerNode.String()}})
	}
	qos := l.qosOf(j)
	if most := minutes(p.MaxTime.Std()); most > 0 && minutes(j.Time) > most && !l.Site.Spec.QOS[qos].PartitionTime {
		found = append(found, Finding{Field: Time, Message: fmt.Sprintf("%s is longer than %s allows (%s)", length(minutes(j.Time)), name, p.MaxTime), Waits: late, instead: []string{"time: " + p.MaxTime.String()}})
	}
	account, _, _ := l.accountOf(j)
	for _, list := range []struct {
		field, word, name string
		allow, deny       []string
	}{{QOS, "qos", qos, p.AllowQOS, p.DenyQOS}, {Account, "account", account, p.AllowAccounts, p.DenyAccounts}} {
		switch {
		case list.name == "":
		case len(list.allow) > 0 && !slices.Contains(list.allow, list.name):
			found = append(found, Finding{Field: list.field, Message: fmt.Sprintf("%s takes no jobs of %s %s, only of %s", name, list.word, list.name, strings.Join(list.allow, ", ")), Waits: late})
		case len(list.allow) == 0 && slices.Contains(list.deny, list.name):
			found = append(found, Finding{Field: list.field, Message: fmt.Sprintf("%s takes no jobs of %s %s", name, list.word, list.name), Waits: late})
		}
	}
	return found
}

// nodes are the kinds of node of a partition that count for a job. Amounts that are not stated are -1.
type nodes struct {
	sets  []v1alpha1.NodeSet
	total bool // how many there are is stated, and so is all about GPUs
}

func (n nodes) none() bool { return len(n.sets) == 0 }

// nodesOf are the nodes that a job can have.
func (l Limits) nodesOf(j drivers.JobSpec, p v1alpha1.Partition) nodes {
	out := nodes{sets: p.NodeSets, total: p.Nodes > 0 || len(p.NodeSets) > 0}
	if out.none() {
		out.sets = []v1alpha1.NodeSet{{Nodes: p.Nodes, GPUsPerNode: p.GPUsPerNode, CPUsPerNode: p.CPUsPerNode, MemoryPerNode: p.MemoryPerNode, GRES: p.GRES}}
	}
	if _, typed, _ := strings.Cut(j.GRES, ":"); typed == "" || j.GPUsPerNode == 0 {
		return out
	}
	out.sets = slices.Clone(out.sets)
	for i := range out.sets { // GPUs of another type are none
		if s := &out.sets[i]; s.GRES != "" && s.GRES != j.GRES {
			s.GPUsPerNode = 0
		}
	}
	return out
}

// amount is something that a node has so much of.
type amount struct {
	field string
	asked int
	has   func(v1alpha1.NodeSet) int // 0: not stated, or none
	none  bool                       // 0 is none
	write func(int) string
}

const mega = 1 << 20

// findings are what of a job no node has, and whether enough nodes, and the least number of them, have all of it.
func (n nodes) findings(j drivers.JobSpec, least int, name string) (found []Finding) {
	all := []amount{
		{GPUs, j.GPUsPerNode, func(s v1alpha1.NodeSet) int { return s.GPUsPerNode }, n.total, func(i int) string { return fmt.Sprint(i) }},
		{CPUs, j.CPUsPerNode, func(s v1alpha1.NodeSet) int { return s.CPUsPerNode }, false, func(i int) string { return fmt.Sprint(i) }},
		{Memory, int((j.MemoryPerNode + mega - 1) / mega), func(s v1alpha1.NodeSet) int { return int(s.MemoryPerNode / mega) }, false,
			func(i int) string { return v1alpha1.Quantity(int64(i) * mega).String() }},
	}
	for _, a := range all {
		most, stated := 0, true
		for _, s := range n.sets {
			most, stated = max(most, a.has(s)), stated && (a.none || a.has(s) > 0)
		}
		switch {
		case !stated || a.asked <= most:
		case most == 0:
			found = append(found, Finding{Field: a.field, Message: fmt.Sprintf("%s, but no node of %s has any", a.write(a.asked), name), instead: []string{a.field + ": 0"}})
		default:
			found = append(found, Finding{Field: a.field, Message: fmt.Sprintf("%s is more than a node of %s has (%s)", a.write(a.asked), name, a.write(most)), instead: []string{a.field + ": " + a.write(most)}})
		}
	}
	if !n.total || len(found) > 0 {
		return found
	}
	fit := 0
	for _, s := range n.sets {
		if !slices.ContainsFunc(all, func(a amount) bool { return a.asked > a.has(s) && (a.none || a.has(s) > 0) }) {
			fit += s.Nodes
		}
	}
	if asked := max(j.Nodes, least); asked > fit {
		message := fmt.Sprintf("%d is more than %s has (%d)", asked, name, fit)
		if len(n.sets) > 1 {
			message = fmt.Sprintf("%d is more than the nodes of %s that have what is asked (%d)", asked, name, fit)
		}
		f := Finding{Field: Nodes, Message: message}
		if fit > 0 && fit >= least {
			f.instead = []string{fmt.Sprintf("nodes: %d", fit)}
		}
		found = append(found, f)
	}
	return found
}
