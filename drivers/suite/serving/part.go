package serving

import "assay/drivers/suite/serving/wire"

// part is one node's share of a run.
type part struct{ at, of int }

// whole of n is this node's part of it.
func (p part) share(n int) int { return wire.Share(n, p.at, p.of) }

// bound is how many requests this node may have in flight; 0: no bound.
func (r *runner) bound() int { return r.part.share(r.spec.Concurrency) }

// connections is how many of them this node opens beforehand.
func (r *runner) connections() int { return max(1, r.part.share(connections(r.spec))) }
