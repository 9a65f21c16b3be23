package store

import (
	"os"
	"path/filepath"
	"testing"

	"assay/drivers"
	"assay/reconciler/plan"
)

// TestStopReachesAnAgentWhateverItWasTold: it keeps the runs, to be ended, and takes the processes away; a desired state that
// is damaged does not hinder it, and neither does a folder that is gone.
func TestStopReachesAnAgentWhateverItWasTold(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	seat := drivers.Seat{Experiment: "e", Group: "g"}
	a, err := l.Begin(plan.Attempt{Seat: seat, Experiment: "e"})
	check(t, err)
	_, err = l.WriteDesired(seat, a.Nonce, drivers.AgentDesired{Processes: []drivers.Process{{Name: "p"}}, Runs: []drivers.Run{{ID: "r"}}})
	check(t, err)
	check(t, l.Stop(seat, a.Nonce, "its node was lost"))
	check(t, l.Stop(seat, a.Nonce, "said again"))
	d, err := s.ReadDesired(seat, a.Nonce)
	check(t, err)
	if d.Stop != "its node was lost" || d.Generation != 2 || d.Nonce != a.Nonce || len(d.Processes) != 0 || len(d.Runs) != 1 || !d.Runs[0].Cancel {
		t.Errorf("the agent reads %+v", d)
	}
	path := filepath.Join(s.JobDir(seat, a.Nonce), drivers.DesiredFile)
	check(t, os.WriteFile(path, []byte("{tor"), 0o600))
	check(t, l.Stop(seat, a.Nonce, "once more"))
	if d, err = s.ReadDesired(seat, a.Nonce); err != nil || d.Stop != "once more" || d.Nonce != a.Nonce {
		t.Errorf("after a damaged one the agent reads %+v, %v", d, err)
	}
	check(t, os.RemoveAll(s.JobDir(seat, a.Nonce)))
	check(t, l.Stop(seat, a.Nonce, "nobody is there"))
}
