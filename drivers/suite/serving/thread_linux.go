package serving

import "golang.org/x/sys/unix"

// stepBack gives the calling thread a low priority.
func stepBack() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 15) } // without it the thread costs the others a little more
