package serving

import (
	"runtime"
	"time"

	"assay/drivers/suite/selfwatch"
)

// While a run goes on its samples are taken in turns that are shorter than what a result resolves.
const (
	followTurn  = 200 * time.Microsecond
	followPause = 200 * time.Microsecond // between two turns, at least
	followIdle  = 20 * time.Millisecond  // where there is nothing to take
	followSaved = 2 * time.Millisecond   // that can be made up for at most, where turns come late
	followLook  = 100 * time.Millisecond // how often it is found out what is spare
)

// How much of a CPU is used to take samples.
const (
	leastShare = 0.02
	mostShare  = 0.5
	reserve    = 0.1 // of the CPUs, that stay spare: a client that has used them up has no valid result
)

// allowance is how much time taking samples may use: half of what nobody uses of the CPUs. What comes faster than that waits for the end.
type allowance struct {
	share  float64
	credit time.Duration
}

// allow sets the share, where so many CPUs of so many are spare.
func (a *allowance) allow(spare, of float64) {
	a.share = min(max((spare-reserve*of)/2, leastShare), mostShare)
}

// pass lets time pass.
func (a *allowance) pass(took time.Duration) {
	a.credit = min(a.credit+time.Duration(a.share*float64(took)), followSaved)
}

// pause is how long to wait after a turn that took so long. One that took much longer than it should did not have its CPU.
func (a *allowance) pause(took time.Duration) time.Duration {
	a.credit -= min(took, 2*followTurn)
	return max(followPause, time.Duration(float64(-a.credit)/a.share))
}

// follow takes samples while the run goes on, so that little is left at its end. stop returns what the thread that does so saw of
// itself. It has the priority of all others: one that waits long for a CPU holds up the collector, and with it the load. Answers that are
// scored are not taken: that takes longer than a turn.
func (d *digest) follow() (stop func() selfwatch.Thread) {
	if d == nil || !d.r.data.free || d.r.part.of > 1 { // of several nodes no block is whole
		return func() selfwatch.Thread { return selfwatch.Thread{} }
	}
	quit, saw := make(chan struct{}), make(chan selfwatch.Thread)
	go func() {
		runtime.LockOSThread() // to know what it used
		defer runtime.UnlockOSThread()
		saw <- d.turns(quit)
	}()
	return func() selfwatch.Thread {
		close(quit)
		return <-saw
	}
}

// turns takes samples in turns until quit is closed.
func (d *digest) turns(quit <-chan struct{}) selfwatch.Thread {
	began, spare := selfwatch.Here(), selfwatch.NewSpare()
	wake, a := time.NewTimer(followIdle), allowance{share: leastShare}
	defer wake.Stop()
	last := time.Now()
	look := last.Add(followLook)
	for {
		select {
		case <-quit:
			return selfwatch.Here().Since(began)
		case <-wake.C:
		}
		now := time.Now()
		if now.After(look) {
			a.allow(spare.CPUs(selfwatch.Here().Since(began).Ran))
			look = now.Add(followLook)
		}
		a.pass(now.Sub(last))
		last = now
		more := d.takeUntil(before(now.Add(followTurn)))
		pause := a.pause(time.Since(now))
		if !more {
			pause = followIdle
		}
		wake.Reset(pause)
	}
}

// before reports whether it is before a time. It looks at the clock every eighth time.
func before(until time.Time) func() bool {
	n := 0
	return func() bool {
		n++
		return n%8 != 0 || time.Now().Before(until)
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
