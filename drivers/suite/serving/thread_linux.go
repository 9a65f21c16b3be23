package serving

import (
	"os"

	"golang.org/x/sys/unix"
)

// stepBack gives the calling thread a low priority.
func stepBack() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 15) } // without it the thread costs the others a little more

// startWriting has the kernel begin to write a part of a file to the disk.
func startWriting(f *os.File, at, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), at, n, unix.SYNC_FILE_RANGE_WRITE) // else it is written later
}
