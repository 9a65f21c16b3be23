package suite

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Usage is what the client and its host have used up to a time. Two of them give a window.
type Usage struct {
	At     time.Time
	Own    time.Duration // CPU of this process
	Host   time.Duration // busy CPU of the host; 0 when unknown
	Pauses time.Duration // of the garbage collector
	GCs    int64
}

// ReadUsage reads it now.
func ReadUsage() Usage {
	m := Usage{At: time.Now()}
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) == nil {
		m.Own = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	m.Pauses, m.GCs = gc.PauseTotal, gc.NumGC
	m.Host = hostBusy()
	return m
}

// hostBusy reads the first line of /proc/stat: user, nice, system, irq, softirq and steal, in ticks of 10 ms.
func hostBusy() time.Duration {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	var ticks int64
	for i, f := range strings.Fields(line) {
		if i == 1 || i == 2 || i == 3 || i == 6 || i == 7 || i == 8 {
			n, _ := strconv.ParseInt(f, 10, 64) // the kernel writes numbers
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
