// Command corebench measures what one pass of the controller costs, and how that grows: `make bench` runs it.
//
//	go run ./cmd/corebench
//
// Every figure is measured at two sizes in one run, the second ten times the first, so that the growth means something on a
// busy machine too. Time is that of the processor, in the best of several rounds, and counts only together with the machine
// that is named above the table; allocations are the same everywhere. Targets are for the larger size.
//
// Where Slurm is installed, services are then submitted to a real one and deleted, next to xargs -P8. That alone, for so many
// services and rounds:
//
//	go run ./cmd/corebench submissions 200 10
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"text/tabwriter"
	"time"
)

const (
	rounds    = 7
	mostTimes = 15 // as much for ten times the size: in proportion, with room for noise and maps that grow
)

// figure is one thing that is measured. prepare builds a world of the given size and returns what is timed.
type figure struct {
	name      string
	small     int // services; the other size is ten times that
	prepare   func(services int) (run func() error, cleanup func(), err error)
	time      time.Duration // target at the larger size
	allocates float64       // target at the larger size
}

var figures = []figure{
	{"decoding a manifest of 1,000 services", 100, decoding, 100 * time.Millisecond, 150_000},
	{"plan, nothing to do: 1,000 services, 10,000 jobs", 100, planning, 15 * time.Millisecond, 100_000},
	{"reading the store: 200 open attempts, 200 ended runs", 20, reading, 25 * time.Millisecond, 8_000},
	{"a whole pass, nothing to do: 200 services", 20, passing, 60 * time.Millisecond, 40_000},
}

func main() {
	do := run
	if len(os.Args) == 6 && os.Args[1] == childFlag {
		do = func() error { return child(os.Args[2:]) }
	}
	if len(os.Args) == 4 && os.Args[1] == submissionsOnly {
		do = onlySubmissions
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "measuring the core:", err)
		os.Exit(1)
	}
}

func run() error {
	fmt.Printf("The core. %s, %d CPUs; processor time, best of %d rounds.\n\n", runtime.Version(), runtime.NumCPU(), rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "FIGURE\tTARGET\tNOW\tA TENTH\tGROWS")
	missed := 0
	for _, f := range figures {
		one, err := measure(f, f.small)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		ten, err := measure(f, 10*f.small)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		grows := ten.time.Seconds() / one.time.Seconds()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\tx%.1f\n", f.name, round(f.time), round(ten.time), round(one.time), grows)
		fmt.Fprintf(w, "  allocations\t%.0f\t%.0f\t%.0f\tx%.1f\n", f.allocates, ten.allocates, one.allocates, ten.allocates/one.allocates)
		for _, miss := range []bool{ten.time > f.time, ten.allocates > f.allocates, grows > mostTimes, ten.allocates > mostTimes*one.allocates} {
			if miss {
				missed++
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	more, err := bills()
	if err != nil {
		return err
	}
	fmt.Printf("\n%d of the targets missed (time, allocations, at most x%d for ten times the size; start, pass, get, memory, sizes): on this machine, in this run.\n",
		missed+more, mostTimes)
	return submissions([]int{200, 1000}, 4)
}

type cost struct {
	time      time.Duration
	allocates float64
}

// measure runs a figure at one size and keeps the best round.
func measure(f figure, size int) (cost, error) {
	run, cleanup, err := f.prepare(size)
	if err != nil {
		return cost{}, err
	}
	defer cleanup()
	var best cost
	for i := range rounds + 1 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := cpuTime()
		if err := run(); err != nil {
			return cost{}, err
		}
		took := cpuTime() - began
		runtime.ReadMemStats(&after)
		now := cost{took, float64(after.Mallocs - before.Mallocs)}
		switch {
		case i == 0: // warms caches
		case i == 1:
			best = now
		default:
			best = cost{min(best.time, now.time), min(best.allocates, now.allocates)}
		}
	}
	return best, nil
}

// cpuTime is what this process has used of the processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(fmt.Sprintf("reading this process' usage: %v", err)) // it has no other cause than a wrong argument
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// round keeps three digits or so.
func round(d time.Duration) time.Duration {
	return d.Round(max(time.Microsecond, d/500).Round(time.Microsecond))
}
