package plan

import (
	"assay/api/v1alpha1"
	"assay/drivers"
)

// startup is what the start of a server took, with the time that its job waited in the queue.
func startup(s drivers.Startup, r *replica) *v1alpha1.Startup {
	out := v1alpha1.Startup{Prepare: s.Prepare.Std().Seconds(), Serve: s.Serve.Std().Seconds(), Weights: s.Weights.Std().Seconds(), Compile: s.Compile.Std().Seconds()}
	if j := r.job; j != nil && !j.Started.IsZero() && !r.attempt.Submitted.IsZero() {
		out.Queue = max(0, j.Started.Sub(r.attempt.Submitted).Seconds())
	}
	return &out
}
