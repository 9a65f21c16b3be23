package agent

import (
	"fmt"
	"path/filepath"
	"testing"

	"assay/drivers"
)

// TestNothingIsLeftInAContainer: a process in a container that left its group and its session, as Ray's do, ends with the job.
// The container has a clean environment, so the agent's mark has to be let in.
func TestNothingIsLeftInAContainer(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	note := filepath.Join(j.dir, "child")
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("s", "boxed", "f1", note)}})
	j.until("Ready", phase("s", drivers.PhaseReady))
	var pid int
	if _, err := fmt.Sscan(fileText(t, note), &pid); err != nil {
		t.Fatal(err)
	}
	j.end()
	if alive(pid) {
		t.Errorf("%d is still alive", pid)
	}
}
