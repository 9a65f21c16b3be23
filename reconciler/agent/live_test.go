package agent

import (
	"syscall"
	"testing"

	"assay/drivers"
)

func TestAHungServerIsRestarted(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("s", "serve", "f1")}})
	pid := j.until("Ready", phase("s", drivers.PhaseReady)).Processes[0].PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	j.until("restarted and Ready", func(s drivers.AgentState) bool {
		return phase("s", drivers.PhaseReady)(s) && s.Processes[0].PID != pid
	})
}
