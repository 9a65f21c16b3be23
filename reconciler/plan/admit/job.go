package admit

import (
	"fmt"

	"assay/drivers"
)

var fieldOf = map[amountOf]string{ofNodes: Nodes, ofGPUs: GPUs, ofCPUs: CPUs, ofTime: Time}

var unitOf = map[amountOf]string{ofGPUs: "GPUs", ofCPUs: "CPUs"}

// whose ends a sentence about what somebody allows.
var whose = map[scope]string{aJob: "", aUser: " a user", anEntity: " an account", everyone: " all jobs together"}

// limits holds a job against the limits of its QOSs and its account.
func (l Limits) limits(j drivers.JobSpec) (found []Finding) {
	if l.Site.Spec.QOS == nil && l.Site.Spec.Accounts == nil {
		return nil
	}
	for _, b := range l.bounds(j) {
		if b.of == ofJobs || b.of == ofSubmitted {
			continue // of several jobs: once.go
		}
		asked, charged := l.amounts(j, b.of)
		f := Finding{Field: fieldOf[b.of], Waits: b.waits}
		switch {
		case b.scope == atLeast && asked < b.most:
			f.Message = fmt.Sprintf("%s less than %s asks for (%d)", amountText(j, b.of, asked), b.by, b.most)
			f.instead = atLeastInstead(j, b)
		case b.scope == atLeast:
			continue
		case asked > b.most && b.of == ofTime:
			f.Message = fmt.Sprintf("%s is longer than %s allows (%s)", length(asked), b.by, length(b.most))
			f.instead = []string{"time: " + length(b.most)}
		case asked > b.most:
			f.Message = fmt.Sprintf("%s more than %s allows%s (%d)", amountText(j, b.of, asked), b.by, whose[b.scope], b.most)
			f.instead = atMostInstead(j, b)
		case charged > b.most: // seen only when it is to start
			f.Waits = true
			f.Message = fmt.Sprintf("its nodes come whole, and their %d CPUs are more than %s allows%s (%d)", charged, b.by, whose[b.scope], b.most)
		default:
			continue
		}
		found = append(found, f)
	}
	return found
}

// amountText begins a sentence about an amount.
func amountText(j drivers.JobSpec, of amountOf, n int) string {
	unit := unitOf[of]
	switch {
	case unit == "":
		return fmt.Sprintf("%d is", n)
	case j.Nodes > 1:
		return fmt.Sprintf("%d nodes x %d = %d %s are", j.Nodes, n/j.Nodes, n, unit)
	}
	return fmt.Sprintf("%d %s are", n, unit)
}

// atMostInstead is what to write so that a job keeps within a limit.
func atMostInstead(j drivers.JobSpec, b bound) (out []string) {
	if b.of == ofNodes {
		return []string{fmt.Sprintf("nodes: %d", b.most)}
	}
	per := max(j.CPUsPerNode, 1)
	if b.of == ofGPUs {
		per = j.GPUsPerNode
	}
	if n := b.most / max(per, 1); n >= 1 && j.Nodes > 1 {
		out = append(out, fmt.Sprintf("nodes: %d", n))
	}
	if n := b.most / max(j.Nodes, 1); n >= 1 {
		out = append(out, fmt.Sprintf("%s: %d", fieldOf[b.of], n))
	}
	return out
}

// atLeastInstead is what to write so that a job asks for enough.
func atLeastInstead(j drivers.JobSpec, b bound) []string {
	if b.of == ofNodes {
		return []string{fmt.Sprintf("nodes: %d", b.most)}
	}
	nodes := max(j.Nodes, 1)
	return []string{fmt.Sprintf("%s: %d", fieldOf[b.of], (b.most+nodes-1)/nodes)}
}
