package native

import (
	"fmt"

	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/selfwatch"
	"assay/drivers/suite/storage"
)

// mostWaited is the share of their time for which tasks may wait for a CPU. A rate is too low by as much.
const mostWaited = 0.1

// stopWatching ends the watch of this node, which goes over all phases, and returns what was seen; nil when it was ended before.
func (r *runner) stopWatching() *selfwatch.Report {
	if r.watch == nil {
		return nil
	}
	seen := r.watch.Stop()
	r.watch = nil
	return &seen
}

// isLast reports whether a phase ends the run.
func isLast(p storage.Phase) bool { return p == storage.Phases[len(storage.Phases)-1] }

// client judges what kept the nodes' tasks from their work. That they use up their CPUs is no fault: of a file system on a disk of
// the node, and of the client of any other, that is the work.
func (r *runner) client() (faults, notes []drivers.Reason) {
	for node, seen := range r.seen {
		waited := float64(seen.Waited) / float64(max(1, seen.Wall)) / float64(r.spec.TasksPerNode)
		if waited <= mostWaited {
			continue
		}
		remedy := "give the run whole nodes"
		if float64(r.spec.TasksPerNode) > seen.CPUs {
			remedy = fmt.Sprintf("lower tasksPerNode: there are %.3g CPUs for %d tasks", seen.CPUs, r.spec.TasksPerNode)
		}
		faults = append(faults, suite.NewReason(suite.ReasonClientCrowded, "on node %d the tasks waited for a CPU for %.0f%% of their time (at most %.0f%% is tolerated), while other programs "+
			"used %.1f of them; %s", node, 100*waited, 100*mostWaited, seen.Foreign.Seconds()/max(seen.Wall.Seconds(), 1e-9), remedy))
		break
	}
	_, notes = selfwatch.Judge(r.seen)
	return faults, notes
}
