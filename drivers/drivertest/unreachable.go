package drivertest

import (
	"errors"
	"sync"
	"time"

	"assay/drivers"
)

// unreachable asks everything at once, because each answer can take as long as a network's timeout.
func (b *bench) unreachable() {
	if b.h.Break == nil {
		b.Skip("this scheduler is always reachable")
	}
	id := b.submit(b.spec("n1", RunForever))
	b.reach("n1", drivers.JobRunning)
	lost := b.spec("lost", RunForever)
	var jobs []drivers.Job
	var none drivers.JobID
	var list, submit, cancel, ended, change, fence error
	limit := time.Minute
	restore := b.h.Break(b.T)
	func() {
		defer restore()
		var wg sync.WaitGroup
		wg.Go(func() { jobs, list = b.s.Jobs(b.Context(), b.store) })
		wg.Go(func() { none, submit = b.s.Submit(b.Context(), lost) })
		wg.Go(func() { cancel = b.s.Cancel(b.Context(), id, "n1") })
		if a, ok := b.s.(drivers.Accountant); ok {
			wg.Go(func() { _, ended = a.Ended(b.Context(), id, "n1") })
		} else {
			ended = drivers.ErrUnavailable
		}
		if r, ok := b.s.(drivers.Reconfigurer); ok {
			wg.Go(func() { change = r.Reconfigure(b.Context(), id, "n1", drivers.Change{Time: &limit}) })
		} else {
			change = drivers.ErrUnavailable
		}
		if f, ok := b.s.(drivers.Fencer); ok {
			wg.Go(func() { fence = f.Fence(b.Context(), id, "n1") })
		} else {
			fence = drivers.ErrUnavailable
		}
		wg.Wait()
	}()
	if !errors.Is(list, drivers.ErrUnavailable) || len(jobs) > 0 {
		b.Errorf("listing gave %d jobs, %v", len(jobs), list)
	}
	if none != "" || !errors.Is(submit, drivers.ErrUnavailable) && !errors.Is(submit, drivers.ErrUncertain) {
		b.Errorf("submitting gave job %q, %v", none, submit)
	}
	for what, err := range map[string]error{"cancelling": cancel, "accounting": ended, "changing": change, "fencing": fence} {
		if err == nil || errors.Is(err, drivers.ErrNotFound) || errors.Is(err, drivers.ErrRejected) {
			b.Errorf("%s gave %v", what, err)
		}
	}
	b.until("the scheduler to answer", func() bool {
		_, err := b.s.Jobs(b.Context(), b.store)
		return err == nil
	})
	got := b.listing(b.store)
	if got["n1"].ID != id || got["n1"].State.Terminal() {
		b.Errorf("afterwards the job is %+v", got["n1"])
	}
	if _, there := got["lost"]; there && errors.Is(submit, drivers.ErrUnavailable) {
		b.Error("a submission that was not received made a job")
	}
}
