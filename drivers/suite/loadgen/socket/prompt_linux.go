package socket

import (
	"time"

	"golang.org/x/sys/unix"
)

// turn is how long a prompt thread wants to run at a time: the shortest that the kernel grants.
const turn = 100 * time.Microsecond

// Prompt makes the kernel wake the calling thread from a Sleep on time, and not up to 0.05 ms later. Where the thread also wants
// short turns, it runs as soon as it wakes: else it waits until the thread that has its CPU, of this process or another, has
// had its turn of some milliseconds. Its share of the CPU stays what it is, but it interrupts others more often. Linux before
// 6.12 knows no such wish. Call back to undo both.
func Prompt(shortTurns bool) (back func()) {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) // without it Sleep takes a little longer
	reset := func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }
	before, err := unix.SchedGetAttr(0, 0)
	if !shortTurns || err != nil || before.Policy != unix.SCHED_NORMAL {
		return reset
	}
	wish := *before
	wish.Runtime = uint64(turn)
	if unix.SchedSetAttr(0, &wish, 0) != nil {
		return reset
	}
	return func() {
		_ = unix.SchedSetAttr(0, before, 0) // a thread that keeps its short turns loses nothing
		reset()
	}
}
