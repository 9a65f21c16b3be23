package admit

import (
	"cmp"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Limits are what a site states, for one user at one time.
type Limits struct {
	Site v1alpha1.Site
	User string    // empty: not known
	At   time.Time // zero: not known
}

// The fields of a job that a Finding can be about.
const (
	Nodes       = "nodes"
	GPUs        = "gpusPerNode"
	CPUs        = "cpusPerNode"
	Memory      = "memoryPerNode"
	Time        = "time"
	Partition   = "partition"
	QOS         = "qos"
	Account     = "account"
	Reservation = "reservation"
	Licenses    = "licenses"
)

// Finding is a limit that a job breaks.
type Finding struct {
	Field   string // one of the constants of this package
	Message string // a statement about the field
	Hint    string // the nearest thing that would pass; can be empty
	Waits   bool   // the scheduler takes the job, and does not start it until the limit is raised
	Unknown bool   // the site has no such partition, QOS or account

	inPartition bool     // another partition could do
	instead     []string // what to write for the field, before other QOSs and partitions are looked for
}

// Job holds one job against the limits. Without findings the scheduler takes it. A site without a scheduler has none.
func (l Limits) Job(j drivers.JobSpec) []Finding {
	found := l.check(j)
	for i := range found {
		found[i].Hint = l.hint(j, found[i])
	}
	return found
}

// Refused reports whether the scheduler would refuse a job with these findings.
func Refused(found []Finding) bool {
	for _, f := range found {
		if !f.Waits {
			return true
		}
	}
	return false
}

// check is Job without hints.
func (l Limits) check(j drivers.JobSpec) (found []Finding) {
	if l.Site.Spec.Scheduler != v1alpha1.Slurm || j.Here {
		return nil
	}
	j.Nodes = max(j.Nodes, 1)
	found = l.partition(j)
	for i := range found {
		found[i].inPartition = true
	}
	found = append(found, l.account(j)...)
	found = append(found, l.reservation(j)...)
	found = append(found, l.licenses(j)...)
	return append(found, l.limits(j)...)
}

// accountOf is the account of a job, with its limits; false when none is stated.
func (l Limits) accountOf(j drivers.JobSpec) (string, v1alpha1.Account, bool) {
	all := l.Site.Spec.Accounts
	if a, ok := all[j.Account]; ok {
		return j.Account, a, true
	}
	if j.Account == "" && len(all) == 1 {
		for name, a := range all {
			return name, a, true
		}
	}
	return j.Account, v1alpha1.Account{}, false
}

// qosOf is the name of the QOS that a job gets; empty when it is not known.
func (l Limits) qosOf(j drivers.JobSpec) string {
	_, a, _ := l.accountOf(j)
	return cmp.Or(j.QOS, a.DefaultQOS)
}

// minutes is a time limit as it is submitted.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }

// length writes minutes.
func length(minutes int) string {
	return v1alpha1.Duration(time.Duration(minutes) * time.Minute).String()
}
