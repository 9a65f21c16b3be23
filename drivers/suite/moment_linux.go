package suite

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Moment is what the client knows of itself and its host at a time.
type Moment struct {
	At     time.Time
	Own    time.Duration // CPU of this process
	Host   time.Duration // busy CPU of the host; 0 when unknown
	Pauses time.Duration // of the garbage collector
	GCs    int64
}

// Look takes one.
func Look() Moment {
	m := Moment{At: time.Now()}
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
