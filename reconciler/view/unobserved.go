package view

import (
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// lasting are the conditions that hold whether or not anything still runs.
var lasting = []string{v1alpha1.Stalled, v1alpha1.Failed, v1alpha1.Valid}

// unobserved is a status that is too old to be believed: what can have changed since is Unknown, with the reason why.
func unobserved(e v1alpha1.ExperimentStatus, now time.Time, why string) v1alpha1.ExperimentStatus {
	e.Conditions = unknown(e.Conditions, now, why)
	e.Services = slices.Clone(e.Services)
	for i, v := range e.Services {
		v.Ready, v.Conditions, v.Seats = 0, unknown(v.Conditions, now, why), slices.Clone(v.Seats)
		for j := range v.Seats {
			v.Seats[j].Ready = false
		}
		e.Services[i] = v
	}
	return e
}

func unknown(cs []v1alpha1.Condition, now time.Time, why string) []v1alpha1.Condition {
	cs = slices.Clone(cs)
	for i, c := range cs {
		if slices.Contains(lasting, c.Type) {
			continue
		}
		if c.Status != v1alpha1.Unknown {
			c.LastTransitionTime = now
		}
		c.Status, c.Reason, c.Message = v1alpha1.Unknown, string(plan.NotObserved), why
		cs[i] = c
	}
	return cs
}
