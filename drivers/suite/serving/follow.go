package serving

import (
	"cmp"
	"runtime"
	"time"

	"assay/drivers/suite/selfwatch"
)

// While a run goes on its samples are taken for so long at a time, and not again before such a pause: a fiftieth of the time at most, in
// pieces that are shorter than what a result resolves. What comes faster than that waits for the end.
const (
	followTurn  = 100 * time.Microsecond
	followPause = 5 * time.Millisecond
	followIdle  = 20 * time.Millisecond // where there is nothing to take, or no time for it
	mostBusy    = 0.5                   // of the CPUs that the load has; beyond that none is left to take samples with
)

// follow takes samples while the run goes on, so that little is left at its end. stop returns what the thread that does so saw of
// itself. It has the priority of all others: one that waits long for a CPU holds up the collector, and with it the load. Answers that are
// scored are not taken: that takes longer than a turn. The load is sent by so many threads; 0: as there are.
func (d *digest) follow(threads int) (stop func() selfwatch.Thread) {
	if d == nil || !d.r.data.free || d.r.part.of > 1 { // of several nodes no block is whole
		return func() selfwatch.Thread { return selfwatch.Thread{} }
	}
	lanes := float64(cmp.Or(threads, runtime.GOMAXPROCS(0)))
	quit, saw := make(chan struct{}), make(chan selfwatch.Thread)
	go func() {
		runtime.LockOSThread() // to know what it used
		defer runtime.UnlockOSThread()
		began := selfwatch.Here()
		look := time.NewTimer(followIdle)
		defer look.Stop()
		at, used := time.Now(), cpuTime()
		for {
			select {
			case <-quit:
				saw <- selfwatch.Here().Since(began)
				return
			case <-look.C:
			}
			now, usedNow := time.Now(), cpuTime()
			busy := float64(usedNow-used) > mostBusy*lanes*float64(now.Sub(at))
			at, used = now, usedNow
			until := now.Add(followTurn)
			if !busy && d.takeUntil(func() bool { return time.Now().Before(until) }) {
				look.Reset(followPause)
			} else {
				look.Reset(followIdle)
			}
		}
	}()
	return func() selfwatch.Thread {
		close(quit)
		return <-saw
	}
}

// takeUntil takes samples of blocks that are whole and on disk as long as goOn says so. It reports whether there are more.
func (d *digest) takeUntil(goOn func() bool) (more bool) {
	for d.err == nil {
		if d.open.k == nil {
			if d.open.k, d.open.v = d.book.whole(); d.open.k == nil {
				return false
			}
			if d.err = d.begin(d.open.k, d.open.v); d.err != nil {
				return false
			}
		}
		for d.open.at < blockOf {
			if !goOn() {
				return true
			}
			if d.err = d.next(); d.err != nil {
				return false
			}
		}
		d.open = opened{}
	}
	return false
}
