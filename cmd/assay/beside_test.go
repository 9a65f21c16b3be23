package main

import (
	"cmp"
	"flag"
	"slices"
	"sync"
	"testing"
	"time"
)

// Tests of this package run beside each other. Most of them wait, for Slurm, a walltime or a server: so many at a time as -beside
// says, and those that take longest begin first. Those whose runs have to be valid want the CPU when they ask for it: they take
// turns, one at a time beside the others, once the long ones have ended, which kill, flood and stream. The limit of go test itself
// is out of the way, because it knows nothing of this.
var (
	besides   = flag.Int("beside", 5, "how many tests that mostly wait run at a time")
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

// beside lets a test run beside others. It mostly waits, and takes about so long.
func beside(t *testing.T, takes time.Duration) { mostly.take(t, takes) }

// measures lets a test run beside others that mostly wait, but not beside another one that measures. It takes about so long.
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
