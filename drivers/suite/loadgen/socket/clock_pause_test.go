package socket

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestPausesBetweenTheClocks: on a machine whose cores all have more to do than they can, a thread is often interrupted between its
// readings of the two clocks. Then the wall clock seems less ahead by the length of that pause, and so would every stamp that is read by it.
func TestPausesBetweenTheClocks(t *testing.T) {
	var stop atomic.Bool
	var hogs sync.WaitGroup
	for range 3 * runtime.NumCPU() {
		hogs.Go(func() {
			runtime.LockOSThread()
			for !stop.Load() {
			}
		})
	}
	defer hogs.Wait()
	defer stop.Store(true)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4 * runtime.NumCPU()))
	c := NewClock()
	ahead := make([]time.Duration, 2_000_000)
	for i := range ahead {
		_, ahead[i] = c.Now()
	}
	slices.Sort(ahead)
	usual := ahead[len(ahead)/2]
	wrong := slices.IndexFunc(ahead, func(d time.Duration) bool { return usual-d < 20*time.Microsecond })
	if wrong > 0 {
		t.Errorf("%d of %d readings are wrong, by up to %s", wrong, len(ahead), usual-ahead[0])
	}
}
