package view

import (
	"assay/api/v1alpha1"
	"assay/drivers"
)

// ServiceState is how a service is, in one word: Ready, Stalled, Unknown, or the reason why it is not Ready yet.
func ServiceState(v v1alpha1.ServiceStatus) string { return serviceState(v) }

// ServiceDetail is what there is to say of it: its address while it is Ready, else why it is not.
func ServiceDetail(v v1alpha1.ServiceStatus) string { return serviceDetail(v) }

// KindOf is a service's kind. It never lets a simulated server pass for a real one.
func KindOf(v v1alpha1.ServiceStatus) string { return kindOf(v) }

// RunDetail is what there is to say of a run besides its phase.
func RunDetail(r v1alpha1.RunStatus) string { return runDetail(r) }

// OriginLine says who brought a revision, when, and from where.
func OriginLine(o drivers.Origin) string { return originLine(o) }

// StartupLine is what the start of a server took, by what it waited for.
func StartupLine(s v1alpha1.Startup) string { return startupLine(s) }

// RenewalLine says when a walltime is renewed, and from what that follows.
func RenewalLine(r v1alpha1.RenewalStatus) string { return renewalLine(r) }

// SearchLine is a search in one line: its point, how it ended, and what it found.
func SearchLine(s v1alpha1.SearchStatus) string { return searchLine(s) }

// SpendingCell is what an experiment's budgets are used for: spent+reserved/budget of each.
func SpendingCell(e v1alpha1.ExperimentStatus) string { return spendingCell(e) }

// Holder is who runs the loop and published the snapshot; false: nobody did, and what is shown was observed by the reader.
func (s Snapshot) Holder() (what, host string, pid int, ok bool) {
	return s.holder.What, s.holder.Host, s.holder.PID, s.holder.What != ""
}
