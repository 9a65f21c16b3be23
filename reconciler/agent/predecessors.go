package agent

import (
	"context"
	"path/filepath"
	"strings"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/procid"
)

// endPredecessors kills what earlier jobs of this one's seat left on this node, as far as the controller has said that they
// are over. An agent and its guard can be killed together, and where the scheduler does not hold a job's processes together
// nobody else ends their servers.
func endPredecessors(ctx context.Context, dir string) {
	for _, other := range procid.Carried(strings.TrimSuffix(jobMarker, "=")) {
		if other == dir || filepath.Dir(other) != filepath.Dir(dir) {
			continue
		}
		d, err := durable.OptionalRecord[drivers.AgentDesired](filepath.Join(other, drivers.DesiredFile))
		if err != nil || d == nil || d.Stop == "" {
			continue // it may be alive, for all that is known here
		}
		ctx, cancel := context.WithTimeout(ctx, endWithin)
		_ = procid.KillCarrying(ctx, jobMarker+other) // one that does not end is the controller's to name
		cancel()
	}
}
