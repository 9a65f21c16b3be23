package admit

import (
	"assay/api/v1alpha1"
	"assay/drivers"
)

// What a limit is about. The first four are of a job as well as of several.
type amountOf int

const (
	ofNodes     amountOf = iota
	ofGPUs               // over all nodes
	ofCPUs               // over all nodes
	ofTime               // minutes
	ofJobs               // that run
	ofSubmitted          // that run or wait
)

// Whose a limit is.
type scope int

const (
	aJob     scope = iota
	aUser          // all jobs of a user
	anEntity       // all jobs of an account
	everyone       // all jobs
	atLeast        // a job asks for no less
)

// row is a limit that QOSs, and sometimes accounts, can set.
type row struct {
	of      amountOf
	scope   scope
	qos     func(v1alpha1.QOS) int
	account func(v1alpha1.Account) int // nil: accounts have no such limit
}

// table has every limit there is, in the order in which they are reported.
var table = []row{
	{ofNodes, aJob, func(q v1alpha1.QOS) int { return q.MaxNodes }, func(a v1alpha1.Account) int { return a.MaxNodes }},
	{ofGPUs, aJob, func(q v1alpha1.QOS) int { return q.MaxGPUs }, func(a v1alpha1.Account) int { return a.MaxGPUs }},
	{ofCPUs, aJob, func(q v1alpha1.QOS) int { return q.MaxCPUs }, func(a v1alpha1.Account) int { return a.MaxCPUs }},
	{ofTime, aJob, func(q v1alpha1.QOS) int { return minutes(q.MaxTime.Std()) }, func(a v1alpha1.Account) int { return minutes(a.MaxTime.Std()) }},
	{ofNodes, atLeast, func(q v1alpha1.QOS) int { return q.MinNodes }, nil},
	{ofGPUs, atLeast, func(q v1alpha1.QOS) int { return q.MinGPUs }, nil},
	{ofCPUs, atLeast, func(q v1alpha1.QOS) int { return q.MinCPUs }, nil},
	{ofNodes, aUser, func(q v1alpha1.QOS) int { return q.MaxNodesPerUser }, nil},
	{ofGPUs, aUser, func(q v1alpha1.QOS) int { return q.MaxGPUsPerUser }, nil},
	{ofCPUs, aUser, func(q v1alpha1.QOS) int { return q.MaxCPUsPerUser }, nil},
	{ofNodes, anEntity, func(q v1alpha1.QOS) int { return q.MaxNodesPerAccount }, nil},
	{ofGPUs, anEntity, func(q v1alpha1.QOS) int { return q.MaxGPUsPerAccount }, nil},
	{ofCPUs, anEntity, func(q v1alpha1.QOS) int { return q.MaxCPUsPerAccount }, nil},
	{ofNodes, everyone, func(q v1alpha1.QOS) int { return q.GrpNodes }, func(a v1alpha1.Account) int { return a.GrpNodes }},
	{ofGPUs, everyone, func(q v1alpha1.QOS) int { return q.GrpGPUs }, func(a v1alpha1.Account) int { return a.GrpGPUs }},
	{ofCPUs, everyone, func(q v1alpha1.QOS) int { return q.GrpCPUs }, func(a v1alpha1.Account) int { return a.GrpCPUs }},
	{ofJobs, aUser, func(q v1alpha1.QOS) int { return q.MaxJobsPerUser }, func(a v1alpha1.Account) int { return a.MaxJobs }},
	{ofJobs, anEntity, func(q v1alpha1.QOS) int { return q.MaxJobsPerAccount }, nil},
	{ofJobs, everyone, func(q v1alpha1.QOS) int { return q.GrpJobs }, func(a v1alpha1.Account) int { return a.GrpJobs }},
	{ofSubmitted, aUser, func(q v1alpha1.QOS) int { return q.MaxSubmitJobsPerUser }, func(a v1alpha1.Account) int { return a.MaxSubmitJobs }},
	{ofSubmitted, anEntity, func(q v1alpha1.QOS) int { return q.MaxSubmitJobsPerAccount }, nil},
	{ofSubmitted, everyone, func(q v1alpha1.QOS) int { return q.GrpSubmitJobs }, func(a v1alpha1.Account) int { return a.GrpSubmitJobs }},
}

// bound is a limit of the table that counts for a job.
type bound struct {
	row
	most  int // or least
	by    string
	waits bool // the scheduler takes what breaks it, and lets it wait
}

// bounds are the limits that count for a job.
func (l Limits) bounds(j drivers.JobSpec) (out []bound) {
	type source struct {
		by  string
		qos v1alpha1.QOS
	}
	var order []source
	refuses, stated := false, false
	note := func(by, name string) {
		if q, ok := l.Site.Spec.QOS[name]; ok {
			order = append(order, source{by, q})
			if q.DenyOnLimit != nil {
				refuses, stated = refuses || *q.DenyOnLimit, true
			}
		}
	}
	own, parts := l.qosOf(j), l.Site.Spec.Partitions[j.Partition].QOS
	note("qos "+own, own)
	if parts != own {
		note("qos "+parts+" of partition "+j.Partition, parts)
	}
	if len(order) == 2 && !order[0].qos.OverPartQOS {
		order[0], order[1] = order[1], order[0]
	}
	name, account, _ := l.accountOf(j)
	for _, r := range table {
		b := bound{row: r, waits: stated && !refuses}
		for _, s := range order {
			if b.most == 0 {
				b.most, b.by = r.qos(s.qos), s.by
			}
		}
		if b.most == 0 && r.account != nil {
			b.most, b.by = r.account(account), "account "+name
		}
		if b.most > 0 {
			out = append(out, b)
		}
	}
	return out
}

// amounts is how much a job asks for of what a limit is about, and what it is charged for once it runs.
func (l Limits) amounts(j drivers.JobSpec, of amountOf) (asked, charged int) {
	nodes := max(j.Nodes, 1)
	switch of {
	case ofNodes:
		asked = nodes
	case ofGPUs:
		asked = nodes * j.GPUsPerNode
	case ofCPUs:
		asked = nodes * max(j.CPUsPerNode, 1)
		if p := l.Site.Spec.Partitions[j.Partition]; p.WholeNodes || l.Site.Spec.WholeNodes {
			return asked, max(asked, nodes*p.CPUsPerNode)
		}
	case ofTime:
		asked = minutes(j.Time)
	default:
		asked = 1
	}
	return asked, asked
}
