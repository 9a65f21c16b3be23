package serving

import (
	"runtime"
	"time"

	"assay/drivers/suite/selfwatch"
)

// followEvery is how often it is looked whether there is something to take.
const followEvery = 20 * time.Millisecond

// follow takes samples while the run goes on, so that little is left at its end: on a thread that steps back for those that send, so
// that it works in the time that they leave. stop returns what that thread saw of itself. Answers that are scored are not taken: that takes
// more than the time between two requests.
func (d *digest) follow(threads int) (stop func() selfwatch.Thread) {
	if d == nil || !d.r.data.free || d.r.part.of > 1 { // of several nodes no block is whole
		return func() selfwatch.Thread { return selfwatch.Thread{} }
	}
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(max(before, threads+1) + 1) // while it waits for a CPU, nobody else must
	quit, took := make(chan struct{}), make(chan selfwatch.Thread)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, and with it its low priority
		stepBack()
		began := selfwatch.Here()
		look := time.NewTicker(followEvery)
		defer look.Stop()
		for d.err == nil {
			select {
			case <-quit:
				took <- selfwatch.Here().Since(began)
				return
			case <-look.C:
				d.takeWhole(quit)
			}
		}
		<-quit
		took <- selfwatch.Here().Since(began)
	}()
	return func() selfwatch.Thread {
		close(quit)
		defer runtime.GOMAXPROCS(before)
		return <-took
	}
}

// takeWhole takes what is whole and on disk.
func (d *digest) takeWhole(quit <-chan struct{}) {
	for d.err == nil {
		k, v := d.book.whole()
		if k == nil {
			return
		}
		if d.err = d.block(k, v); d.err != nil {
			return
		}
		select {
		case <-quit:
			return
		default:
		}
	}
}
