package drivertest

import (
	"errors"
	"time"

	"assay/drivers"
)

func (b *bench) reconfigure() {
	r, ok := b.s.(drivers.Reconfigurer)
	if !ok {
		b.Skip("this scheduler changes nothing in place")
	}
	spec := b.spec("n1", RunForever)
	spec.Time = time.Hour
	id := b.submit(spec)
	if j := b.reach("n1", drivers.JobRunning); j.Limit != time.Hour || !j.Ends.Equal(j.Started.Add(time.Hour)) {
		b.Errorf("with a limit of 1h it has %s, from %s to %s", j.Limit, j.Started, j.Ends)
	}
	limit := 30 * time.Minute
	if err := r.Reconfigure(b.Context(), id, "n2", drivers.Change{Time: &limit}); !errors.Is(err, drivers.ErrRejected) {
		b.Errorf("changing with another nonce gave %v", err)
	}
	if err := r.Reconfigure(b.Context(), unknown, "n1", drivers.Change{Time: &limit}); !errors.Is(err, drivers.ErrRejected) {
		b.Errorf("changing an unknown job gave %v", err)
	}
	if j := b.listing(b.store)["n1"]; j.Limit != time.Hour {
		b.Errorf("a change with another nonce made the limit %s", j.Limit)
	}
	if err := r.Reconfigure(b.Context(), id, "n1", drivers.Change{Time: &limit}); err != nil {
		b.Fatalf("changing: %v", err)
	}
	b.until("the limit to be listed", func() bool {
		j := b.listing(b.store)["n1"]
		return j.Limit == limit && j.Tag == spec.Tag && j.Ends.Equal(j.Started.Add(limit))
	})
}
