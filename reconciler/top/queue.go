package top

import (
	"cmp"
	"slices"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Waiting is a job that waits for its nodes.
type Waiting struct {
	Experiment string     `json:"experiment"`
	Service    string     `json:"service"`
	Job        string     `json:"job"`
	Reason     string     `json:"reason,omitempty"`    // the scheduler's
	Submitted  *time.Time `json:"submitted,omitempty"` // nil: not known
	Expected   *time.Time `json:"expected,omitempty"`  // when the scheduler expects to start it; nil: it does not say
}

// queue are the jobs that wait, those that start first before the others. Services of one group wait for one job.
func queue(all []v1alpha1.ExperimentStatus) []Waiting {
	out := []Waiting{}
	seen := map[string]int{}
	for _, e := range all {
		for _, v := range e.Services {
			for _, seat := range v.Seats {
				if seat.JobState != string(drivers.JobPending) || seat.JobID == "" {
					continue
				}
				if i, ok := seen[seat.JobID]; ok {
					out[i].Service += "," + v.Name
					continue
				}
				seen[seat.JobID] = len(out)
				out = append(out, Waiting{Experiment: e.Name, Service: v.Name, Job: seat.JobID, Reason: seat.Reason, Submitted: seat.Submitted, Expected: seat.Expected})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Waiting) int {
		switch {
		case a.Expected == nil && b.Expected == nil:
			return cmp.Compare(a.Experiment, b.Experiment)
		case a.Expected == nil:
			return 1
		case b.Expected == nil:
			return -1
		}
		return a.Expected.Compare(*b.Expected)
	})
	return out
}
