package selfwatch

import (
	"runtime/debug"
	"time"

	"assay/drivers/suite"
)

// Tick is how often a stall clock wants to wake.
const Tick = 5 * time.Millisecond

// Watch is a window that is being watched.
type Watch struct {
	source  source
	threads int
	began   time.Time
	before  counters
	quit    chan struct{}
	late    chan Histogram
}

// Start begins a window. The client does its work on so many threads; 0: on as many as it gets.
func Start(threads int) *Watch { return startAt(source{}, threads, true) }

// StartCounting is Start for a client whose threads have stall clocks of their own (Report.Threads): another one would only take
// their CPU.
func StartCounting(threads int) *Watch { return startAt(source{}, threads, false) }

func startAt(from source, threads int, clock bool) *Watch {
	w := &Watch{source: from, threads: threads, quit: make(chan struct{}), late: make(chan Histogram, 1)}
	if clock {
		go func() { w.late <- stalls(w.quit) }()
	} else {
		w.late <- Histogram{}
	}
	w.before, w.began = read(w.source), time.Now()
	return w
}

// Stop ends the window.
func (w *Watch) Stop() Report {
	wall, after := time.Since(w.began), read(w.source)
	close(w.quit)
	r := after.since(w.before)
	r.Wall, r.Late = wall, <-w.late
	if r.Lanes = r.Allowed; w.threads > 0 {
		r.Lanes = min(r.Lanes, float64(w.threads))
	}
	r.CPUs = min(r.CPUs, r.Lanes)
	return r
}

// stalls notes how late a goroutine wakes until quit is closed.
func stalls(quit <-chan struct{}) (late Histogram) {
	pacer, err := suite.NewPacer()
	if err != nil {
		return late // without a timer nothing is known of stalls
	}
	defer pacer.Close()
	for due := time.Now().Add(Tick); ; due = due.Add(Tick) {
		if wait := time.Until(due); wait > 0 {
			if pacer.Pause(wait) != nil {
				return late
			}
		}
		behind := time.Since(due)
		late.Late(max(0, behind), Tick)
		due = due.Add(behind.Truncate(Tick)) // those ticks are counted
		select {
		case <-quit:
			return late
		default:
		}
	}
}

// collections are the collector's pauses so far.
func collections() (pauses time.Duration, n int64) {
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	return gc.PauseTotal, gc.NumGC
}
