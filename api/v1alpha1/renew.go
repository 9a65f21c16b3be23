package v1alpha1

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Policies of a Renewal.
const (
	Overlap  = "Overlap"  // the next job is submitted before the walltime ends, and takes over when it is Ready
	Recreate = "Recreate" // the next job is submitted when the last one has ended
	Never    = "Never"    // nothing follows
)

// Renewal says what follows a job that reaches its walltime. Two jobs hold their nodes for a while where they overlap.
type Renewal struct {
	// Policy is Overlap (default for model servers and gateway), Recreate (default for others) or Never. A service with a data folder cannot
	// overlap: two servers would write it.
	Policy string `json:"policy,omitempty" validate:"omitempty,oneof=Overlap Recreate Never"`
	// Before is how long before the end the next job is submitted, or another walltime asked for. Default: twice what the queue
	// and the start of the last jobs took at most, with the drain; at least 2m, and at most half of the walltime.
	Before Duration `json:"before,omitempty" validate:"gte=0"`
	Drain  Duration `json:"drain,omitempty" validate:"gte=0"` // how long a job goes on that has handed over, or that a metric makes leave; default 30s
	Times  int      `json:"times,omitempty" validate:"gte=0"` // most walltimes that follow the first, in place or by other jobs; 0, the default: no bound
}

// Extends reports whether running jobs of a site are asked to go on, before another one is submitted.
func (s Site) Extends() bool {
	if s.Spec.Extend != nil {
		return *s.Spec.Extend
	}
	return s.Spec.Scheduler == Slurm
}

func defaultRenewal(s *Service) {
	policy := Recreate
	if s.Serves() || s.Gateway != nil {
		policy = Overlap
	}
	s.Renew.Policy = cmp.Or(s.Renew.Policy, policy)
	if s.Renew.Policy == Overlap || s.Replicas.Scaled() {
		s.Renew.Drain = cmp.Or(s.Renew.Drain, 30*second)
	}
}

// usesData reports whether a process asks for a data folder.
func (s Service) usesData() bool {
	if s.Process == nil {
		return false
	}
	asks := func(word string) bool { return strings.Contains(word, "$(DATA)") }
	return slices.ContainsFunc(s.Process.Command, asks) || slices.ContainsFunc(slices.Collect(maps.Values(s.Env)), asks)
}

// renewal refuses what contradicts itself.
func (c *checker) renewal(path string, s Service) {
	switch {
	case s.Renew.Policy == Overlap && (s.Chroma != nil || s.Monitors != nil || s.usesData()):
		c.bad(path+".renew.policy", "two servers of it would write one data folder", "write Recreate")
	case s.Renew.Policy != Overlap && (s.Renew.Before > 0 || s.Renew.Drain > 0 && !s.Replicas.Scaled()):
		c.bad(path+".renew.policy", "before and drain are of a next job that overlaps with this one", "write Overlap, or remove them")
	case s.Renew.Policy == Overlap && s.Resources.Time > 0 && s.Renew.Before >= s.Resources.Time:
		c.bad(path+".renew.before", "the next job would be submitted before this one starts", "write less than resources.time")
	}
}
