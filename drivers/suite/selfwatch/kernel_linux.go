package selfwatch

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// source is where the kernel's files are: below root, as in a test, or where they always are.
type source struct{ root string }

func (s source) path(name string) string { return filepath.Join("/", s.root, name) }

// text is a file's text; empty when there is none.
func (s source) text(name string) string {
	b, _ := os.ReadFile(s.path(name)) // a kernel without this file knows nothing of it
	return string(b)
}

// read reads all counters now. The CPUs are those that the affinity and the quota leave.
func read(s source) (c counters) {
	c = use(s)
	c.Faults = majorFaults(s.text("proc/self/stat"))
	c.Pauses, c.GCs = collections()
	threads, _ := filepath.Glob(s.path("proc/self/task/*/schedstat"))
	for _, path := range threads {
		t := threadAt(path)
		c.Waited, c.Turns = c.Waited+t.Waited, c.Turns+t.Turns
	}
	var quota float64
	if c.Throttled, quota = throttling(s); quota > 0 {
		c.CPUs = min(c.Allowed, quota)
	} else {
		c.CPUs = c.Allowed
	}
	return c
}

// use reads what the CPUs that the affinity leaves were used for.
func use(s source) (c counters) {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) == nil {
		c.Own = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	var allowed unix.CPUSet
	if unix.SchedGetaffinity(0, &allowed) == nil { // of this thread, and in Go all threads have that of the process
		c.Allowed = float64(allowed.Count())
	}
	c.busy, c.Stolen = cpuTimes(s.text("proc/stat"), allowed.IsSet)
	return c
}

// quota is how many CPUs control groups let this process use; 0: all.
func quota(s source) float64 {
	_, cpus := throttling(s)
	return cpus
}

// Here is what the calling thread has seen of itself so far, without its stall clock.
func Here() Thread { return threadAt(fmt.Sprintf("/proc/self/task/%d/schedstat", unix.Gettid())) }

// threadAt reads a schedstat: ns on a CPU, ns ready to run but not let, number of turns.
func threadAt(path string) (t Thread) {
	b, err := os.ReadFile(path)
	if err != nil {
		return t // the thread has ended, or the kernel does not count
	}
	_, _ = fmt.Sscan(string(b), &t.Ran, &t.Waited, &t.Turns)
	return t
}

// majorFaults is the 12th field of a /proc/PID/stat, the second of which is a name in brackets that can hold anything.
func majorFaults(stat string) int64 {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < 10 {
		return 0
	}
	n, _ := strconv.ParseInt(fields[9], 10, 64) // the kernel writes numbers
	return n
}

// cpuTimes adds up the lines of /proc/stat of some CPUs: user, nice, system, irq and softirq, and steal, in ticks of 10 ms.
func cpuTimes(stat string, of func(cpu int) bool) (busy, stolen time.Duration) {
	const tick = 10 * time.Millisecond
	for lines := bufio.NewScanner(strings.NewReader(stat)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 9 || !strings.HasPrefix(fields[0], "cpu") {
			continue
		}
		cpu, err := strconv.Atoi(fields[0][len("cpu"):])
		if err != nil || !of(cpu) { // the first line is of all CPUs
			continue
		}
		for i, f := range fields {
			n, _ := strconv.ParseInt(f, 10, 64) // the kernel writes numbers
			switch i {
			case 1, 2, 3, 6, 7:
				busy += time.Duration(n) * tick
			case 8:
				stolen += time.Duration(n) * tick
			}
		}
	}
	return busy, stolen
}
