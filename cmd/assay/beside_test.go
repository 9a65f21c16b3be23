package main

import (
	"cmp"
	"flag"
	"slices"
	"sync"
	"testing"
	"time"
)

// Tests of this package run in parallel. Most of them wait for Slurm, a walltime or a server: -beside says how many of these run at a
// time, and the longest start first. Tests whose runs must be valid need the CPU: they run one at a time, after the long tests, which kill,
// flood and stream. go test's own limit is set high, because it does not tell the two kinds apart.
var (
	besides   = flag.Int("beside", 5, "how many tests that wait most of the time run in parallel")
	mostly    = &turns{free: func() int { return *besides }}
	measuring = &turns{free: func() int {
		if mostly.long() {
			return 0
		}
		return 1
	}}
)

// long is how long a test takes during which none measures.
const long = 70 * time.Second

// beside runs a test in parallel to others. It waits most of the time, and takes about so long.
func beside(t *testing.T, takes time.Duration) { mostly.take(t, takes) }

// measures runs a test in parallel to those that wait, but never to another one that measures. It takes about so long.
func measures(t *testing.T, takes time.Duration) { measuring.take(t, takes) }

// turns are given to those who wait for one, to those first who take longest.
type turns struct {
	free  func() int // how many there are
	mu    sync.Mutex
	taken []time.Duration
	queue []turn
}

type turn struct {
	takes time.Duration
	given chan struct{}
}

// gather is how often who waits for a turn looks for one, and not at once: go test lets go of all parallel tests at the same time, and
// the first of them is not the longest.
const gather = 200 * time.Millisecond

func (q *turns) take(t *testing.T, takes time.Duration) {
	t.Parallel()
	end := q.begin(takes)
	began := time.Now()
	t.Cleanup(func() {
		end()
		t.Logf("%s took %s", t.Name(), time.Since(began).Round(100*time.Millisecond)) // go test says how long it waited, too
	})
}

// begin waits for a turn, and returns how to end it.
func (q *turns) begin(takes time.Duration) (end func()) {
	own := turn{takes, make(chan struct{})}
	q.mu.Lock()
	q.queue = append(q.queue, own)
	q.mu.Unlock()
	for {
		select {
		case <-own.given:
			return func() { q.give(takes) }
		case <-time.After(gather):
			q.give(0)
		}
	}
}

// give takes a turn of so long back, if it is one, and gives those that are free.
func (q *turns) give(back time.Duration) {
	free := q.free()
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.taken, back); i >= 0 {
		q.taken = slices.Delete(q.taken, i, i+1)
	}
	slices.SortStableFunc(q.queue, func(a, b turn) int { return cmp.Compare(b.takes, a.takes) })
	for len(q.queue) > 0 && len(q.taken) < free {
		close(q.queue[0].given)
		q.queue, q.taken = q.queue[1:], append(q.taken, q.queue[0].takes)
	}
}

// long reports whether a test that takes long runs, or is going to.
func (q *turns) long() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.ContainsFunc(q.taken, func(d time.Duration) bool { return d >= long }) ||
		slices.ContainsFunc(q.queue, func(t turn) bool { return t.takes >= long })
}

// TestTurns: no more have one than there are, and those who take longest come first.
func TestTurns(t *testing.T) {
	q := &turns{free: func() int { return 1 }}
	var order []int
	var all sync.WaitGroup
	for takes := range 5 {
		all.Go(func() {
			end := q.begin(time.Duration(takes+1) * time.Second)
			order = append(order, takes) // one has a turn at a time
			end()
		})
	}
	all.Wait()
	if want := []int{4, 3, 2, 1, 0}; !slices.Equal(order, want) {
		t.Errorf("turns were given in the order %v", order)
	}
	others := &turns{free: func() int { return 2 }}
	long, short := others.begin(long), others.begin(long/2)
	if !others.long() {
		t.Error("nobody measures as long as a long one runs")
	}
	if long(); others.long() {
		t.Error("a short one keeps nobody from measuring")
	}
	short()
}
