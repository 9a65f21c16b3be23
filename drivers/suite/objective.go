package suite

import (
	"slices"

	"assay/drivers"
)

// beyond are the reasons against a result that say that the server could not take the load, and nothing of the client: a
// search takes such a run as one that has missed its objective.
var beyond = []string{ReasonOverloaded, ReasonErrorRate, ReasonNothingCompleted}

// MissedBy is the reason for which a run did not keep its objective whatever its requests say, of all its reasons; empty where
// there is none, and where another of its faults says that the client, or what was measured, is in doubt.
func MissedBy(reasons, faults []drivers.Reason) string {
	is := func(r drivers.Reason) bool { return slices.Contains(beyond, r.Reason) }
	isNot := func(r drivers.Reason) bool { return !is(r) }
	if i := slices.IndexFunc(reasons, is); i >= 0 && !slices.ContainsFunc(faults, isNot) {
		return reasons[i].Reason
	}
	return ""
}

// CountKept counts the requests that kept a part of an objective, in the order in which they were sent.
func CountKept(part string, kept []bool) drivers.Kept {
	out := drivers.Kept{Part: part, Of: len(kept), Effective: Effective(kept)}
	for _, k := range kept {
		if k {
			out.Good++
		}
	}
	return out
}
