// Package drivertest is the contract of the drivers, as tests that every implementation passes.
//
// Scheduler runs against a simulated cluster with its own clock and against real schedulers. So it compares what all of
// them can know: states, exit codes and the kinds of errors, never texts or times.
package drivertest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"assay/drivers"
)

// Behaviour is what a job does once it runs.
type Behaviour int

// The behaviours.
const (
	RunForever  Behaviour = iota // until something ends it; it ends at the first SIGTERM
	ExitZero                     // ends at once with exit code 0
	ExitSeven                    // ends at once with exit code 7
	DieBySignal                  // ends at once by SIGKILL
)

// Harness connects the contract to one implementation.
type Harness struct {
	// New returns the scheduler to test. It has room for eight jobs of Spec at once.
	New func(t *testing.T) drivers.Scheduler
	// Spec is a valid submission of one node, with that store and nonce in its tag and a name and directory of its own.
	Spec func(t *testing.T, store, nonce string, b Behaviour) drivers.JobSpec
	// Impossible turns a valid submission into one that is refused for certain.
	Impossible func(drivers.JobSpec) drivers.JobSpec
	// Advance moves the scheduler's clock; nil when that is the real one.
	Advance func(d time.Duration)
	// Break makes the scheduler unreachable until restore; nil when that cannot be done.
	Break func(t *testing.T) (restore func())
	// Folder is where the scheduler under test keeps its records; nil when it has no folder of its own.
	Folder func() string
}

const (
	within    = 60 * time.Second // what a subtest waits for has to happen by then, by the scheduler's clock
	pollEvery = 100 * time.Millisecond
)

// Scheduler is the contract of drivers.Scheduler and, where the implementation has them, of Reconfigurer, Accountant and
// Fencer.
func Scheduler(t *testing.T, h Harness) {
	for _, c := range []struct {
		name string
		f    func(*bench)
	}{
		{"lists what was submitted", (*bench).lists},
		{"listing changes nothing", (*bench).listsOnly},
		{"owners do not see each other", (*bench).owners},
		{"cancel ends a job, once and again", (*bench).cancel},
		{"a wrong nonce is not cancelled", (*bench).wrongNonce},
		{"ends are told apart", (*bench).ends},
		{"accounting", (*bench).accounting},
		{"changes in place", (*bench).reconfigure},
		{"fencing", (*bench).fence},
		{"the impossible is refused", (*bench).impossible},
		{"concurrent submissions", (*bench).concurrent},
		{"unreachable is an error", (*bench).unreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.f(&bench{T: t, h: h, s: h.New(t), store: fmt.Sprintf("store%d", time.Now().UnixNano())})
		})
	}
}

// unknown is an id that no scheduler has given out.
const unknown drivers.JobID = "4000000"

// bench is one subtest, with a store of its own.
type bench struct {
	*testing.T
	h     Harness
	s     drivers.Scheduler
	store string
	clean sync.Once
}

func (b *bench) spec(nonce string, how Behaviour) drivers.JobSpec {
	b.Helper()
	s := b.h.Spec(b.T, b.store, nonce, how)
	b.clean.Do(func() { b.sweep(b.store) }) // after the first directory was made, so that it still is there
	return s
}

func (b *bench) submit(spec drivers.JobSpec) drivers.JobID {
	b.Helper()
	id, err := b.s.Submit(b.Context(), spec)
	if err != nil {
		b.Fatalf("submitting %s: %v", spec.Name, err)
	}
	if id == "" {
		b.Fatalf("submitting %s gave neither an id nor an error", spec.Name)
	}
	return id
}

// sweep ends a store's jobs when the subtest is over.
func (b *bench) sweep(store string) {
	b.Cleanup(func() {
		ctx := context.Background() // the test's own is over
		b.until("its jobs to end", func() bool {
			jobs, err := b.s.Jobs(ctx, store)
			live := err != nil
			for _, j := range jobs {
				if !j.State.Terminal() {
					live = true
					_ = b.s.Cancel(ctx, j.ID, j.Tag.Nonce) // the next round tries again
				}
			}
			return !live
		})
	})
}

// until waits for something, by the scheduler's clock.
func (b *bench) until(what string, ok func() bool) {
	b.Helper()
	if b.h.Advance != nil {
		for range int(within / time.Second) {
			if ok() {
				return
			}
			b.h.Advance(time.Second)
		}
	} else {
		for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(pollEvery) {
			if ok() {
				return
			}
		}
	}
	b.Fatalf("waited %s for %s", within, what)
}

// listing returns a store's jobs by nonce.
func (b *bench) listing(store string) map[string]drivers.Job {
	b.Helper()
	jobs, err := b.s.Jobs(b.Context(), store)
	if err != nil {
		b.Fatalf("listing: %v", err)
	}
	out := map[string]drivers.Job{}
	for _, j := range jobs {
		if _, twice := out[j.Tag.Nonce]; twice {
			b.Fatalf("nonce %s is listed twice", j.Tag.Nonce)
		}
		out[j.Tag.Nonce] = j
	}
	return out
}

// reach waits until the job of nonce is in one of the states, and returns it.
func (b *bench) reach(nonce string, want ...drivers.JobState) drivers.Job {
	b.Helper()
	var j drivers.Job
	b.until(fmt.Sprintf("job %s to be %v", nonce, want), func() bool {
		j = b.listing(b.store)[nonce]
		if j.State != "" && j.State.Terminal() && !slices.Contains(want, j.State) {
			b.Fatalf("job %s ended as %s (%s), want %v", nonce, j.State, j.Reason, want)
		}
		return slices.Contains(want, j.State)
	})
	return j
}
