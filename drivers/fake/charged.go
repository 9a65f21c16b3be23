package fake

import (
	"slices"
	"time"

	"assay/drivers"
)

// Charged is the node-time that the jobs of a store have used, those that are live up to their limits. What an administrator
// gave a job beyond its own limit is not counted.
func (c *Cluster) Charged(store string) (sum time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range slices.Concat(c.past, c.jobs) {
		if j.foreign || j.Tag.Store != store {
			continue
		}
		charged := min(j.spec.Time, j.Limit)
		if j.State.Terminal() || j.State == drivers.JobCompleting {
			charged = 0
			if !j.Started.IsZero() && j.Ends.After(j.Started) {
				charged = j.Ends.Sub(j.Started)
			}
		}
		sum += time.Duration(max(j.spec.Nodes, 1)) * charged
	}
	return sum
}
