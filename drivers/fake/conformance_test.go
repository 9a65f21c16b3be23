package fake

import (
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	var c *Cluster
	argv := map[drivertest.Behaviour][]string{
		drivertest.RunForever: Sleep(), drivertest.ExitZero: Exit(0), drivertest.ExitSeven: Exit(7), drivertest.DieBySignal: Signal(9),
	}
	drivertest.Scheduler(t, drivertest.Harness{
		New: func(*testing.T) drivers.Scheduler {
			c = New(Options{Nodes: 8, Lag: 3 * time.Second, Queue: 3 * time.Second, EndDelay: 3 * time.Second})
			return c
		},
		Spec: func(t *testing.T, store, nonce string, b drivertest.Behaviour) drivers.JobSpec {
			seat := drivers.Seat{Experiment: "exp", Group: nonce}
			tag := drivers.Tag{Store: store, Seat: seat, Revision: "r1", Nonce: nonce}
			return drivers.JobSpec{Name: tag.JobName(), Nodes: 1, Argv: argv[b], Tag: tag}
		},
		Impossible: func(s drivers.JobSpec) drivers.JobSpec { s.Nodes = 9; return s },
		Advance:    func(d time.Duration) { c.Advance(d) },
		Break: func(*testing.T) func() {
			c.Freeze()
			return c.Thaw
		},
	})
}
