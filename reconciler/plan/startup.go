package plan

import (
	"assay/api/v1alpha1"
	"assay/drivers"
)

// startup is what the start of a server took, with the time that its job waited in the queue.
func startup(s drivers.Startup, r *replica) *v1alpha1.Startup {
	return &v1alpha1.Startup{Queue: float64(queuedFor(r.attempt, r.job)), Failed: float64(s.Failed), Prepare: float64(s.Prepare), Serve: float64(s.Serve), Weights: float64(s.Weights), Compile: float64(s.Compile)}
}
