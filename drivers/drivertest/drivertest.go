// Package drivertest is the contract of the drivers, as tests that every implementation passes.
//
// Scheduler runs against a simulated cluster with a clock of its own as well as against real ones, so it asks for
// nothing that only one of them can do: names of states, exit codes and errors by kind, never texts or times.
package drivertest

import (
	"context"
	"errors"
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
	RunForever  Behaviour = iota // until something ends it; at the first SIGTERM it goes
	ExitZero                     // ends at once, well
	ExitSeven                    // ends at once with exit code 7
	DieBySignal                  // dies of SIGKILL at once
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
	within = 60 * time.Second // what is to happen has to happen by then, by the scheduler's clock
	look   = 100 * time.Millisecond
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

// bench is one subtest at work on one store.
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
					_ = b.s.Cancel(ctx, j.ID, j.Tag.Nonce) // the next look tries again
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
		for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(look) {
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

func (b *bench) lists() {
	if jobs := b.listing(b.store); len(jobs) != 0 {
		b.Fatalf("a new store has %d jobs", len(jobs))
	}
	spec := b.spec("n1", RunForever)
	id := b.submit(spec)
	j := b.reach("n1", drivers.JobRunning)
	if j.ID != id || j.Tag != spec.Tag || j.Name != spec.Name {
		b.Errorf("listed is %s %q %+v, submitted was %s %q %+v", j.ID, j.Name, j.Tag, id, spec.Name, spec.Tag)
	}
	if len(j.Nodes) != 1 || j.Started.IsZero() {
		b.Errorf("it runs on %q since %s", j.Nodes, j.Started)
	}
}

func (b *bench) owners() {
	b.submit(b.spec("mine", RunForever))
	other := b.store + "x"
	spec := b.h.Spec(b.T, other, "theirs", RunForever)
	b.sweep(other)
	b.submit(spec)
	b.until("both to be listed", func() bool { return len(b.listing(b.store)) > 0 && len(b.listing(other)) > 0 })
	if got := b.listing(b.store); len(got) != 1 || got["mine"].ID == "" {
		b.Errorf("the store sees %v", got)
	}
	if got := b.listing(other); len(got) != 1 || got["theirs"].ID == "" {
		b.Errorf("the other store sees %v", got)
	}
}

func (b *bench) cancel() {
	id := b.submit(b.spec("n1", RunForever))
	b.reach("n1", drivers.JobRunning)
	for range 2 {
		if err := b.s.Cancel(b.Context(), id, "n1"); err != nil {
			b.Fatalf("cancelling: %v", err)
		}
	}
	b.reach("n1", drivers.JobCancelled)
	if err := b.s.Cancel(b.Context(), id, "n1"); err != nil {
		b.Errorf("cancelling an ended job: %v", err)
	}
	if err := b.s.Cancel(b.Context(), unknown, "n1"); err != nil {
		b.Errorf("cancelling an unknown job: %v", err)
	}
}

func (b *bench) wrongNonce() {
	id := b.submit(b.spec("n1", RunForever))
	b.reach("n1", drivers.JobRunning)
	for _, nonce := range []string{"n2", ""} {
		if err := b.s.Cancel(b.Context(), id, nonce); err != nil {
			b.Errorf("cancelling with nonce %q: %v", nonce, err)
		}
	}
	// A job that is cancelled after all is gone by the time that a later one has ended.
	b.submit(b.spec("later", ExitZero))
	b.reach("later", drivers.JobCompleted)
	if j := b.listing(b.store)["n1"]; j.State != drivers.JobRunning {
		b.Errorf("a cancel with another nonce left it %s", j.State)
	}
}

func (b *bench) ends() {
	for nonce, how := range map[string]Behaviour{"zero": ExitZero, "seven": ExitSeven, "signal": DieBySignal, "forever": RunForever} {
		b.submit(b.spec(nonce, how))
	}
	j := b.reach("forever", drivers.JobRunning)
	if err := b.s.Cancel(b.Context(), j.ID, "forever"); err != nil {
		b.Fatal(err)
	}
	b.reach("zero", drivers.JobCompleted)
	b.reach("seven", drivers.JobFailed)
	b.reach("signal", drivers.JobFailed)
	b.reach("forever", drivers.JobCancelled)
}

func (b *bench) accounting() {
	a, ok := b.s.(drivers.Accountant)
	if !ok {
		b.Skip("this scheduler does no accounting")
	}
	seven, signal := b.submit(b.spec("seven", ExitSeven)), b.submit(b.spec("signal", DieBySignal))
	b.reach("seven", drivers.JobFailed)
	b.reach("signal", drivers.JobFailed)
	if j, err := a.Ended(b.Context(), seven, "seven"); err != nil || j.State != drivers.JobFailed || j.Exit != 7 || j.Signal != 0 {
		b.Errorf("of exit code 7 it says %+v, %v", j, err)
	}
	if j, err := a.Ended(b.Context(), signal, "signal"); err != nil || j.State != drivers.JobFailed || j.Exit != 0 || j.Signal != 9 {
		b.Errorf("of signal 9 it says %+v, %v", j, err)
	}
	if j, err := a.Ended(b.Context(), seven, "other"); !errors.Is(err, drivers.ErrNotFound) {
		b.Errorf("of another nonce it says %+v, %v", j, err)
	}
	if j, err := a.Ended(b.Context(), unknown, "seven"); !errors.Is(err, drivers.ErrNotFound) {
		b.Errorf("of an unknown job it says %+v, %v", j, err)
	}
}

func (b *bench) reconfigure() {
	r, ok := b.s.(drivers.Reconfigurer)
	if !ok {
		b.Skip("this scheduler changes nothing in place")
	}
	spec := b.spec("n1", RunForever)
	spec.Time = time.Hour
	id := b.submit(spec)
	if j := b.reach("n1", drivers.JobRunning); j.Limit != time.Hour || !j.Ends.Equal(j.Started.Add(time.Hour)) {
		b.Errorf("with a limit of 1h it has %s, from %s to %s", j.Limit, j.Started, j.Ends)
	}
	limit := 30 * time.Minute
	if err := r.Reconfigure(b.Context(), id, "n2", drivers.Change{Time: &limit}); !errors.Is(err, drivers.ErrRejected) {
		b.Errorf("changing with another nonce gave %v", err)
	}
	if err := r.Reconfigure(b.Context(), unknown, "n1", drivers.Change{Time: &limit}); !errors.Is(err, drivers.ErrRejected) {
		b.Errorf("changing an unknown job gave %v", err)
	}
	if j := b.listing(b.store)["n1"]; j.Limit != time.Hour {
		b.Errorf("a change with another nonce made the limit %s", j.Limit)
	}
	if err := r.Reconfigure(b.Context(), id, "n1", drivers.Change{Time: &limit}); err != nil {
		b.Fatalf("changing: %v", err)
	}
	b.until("the limit to be listed", func() bool {
		j := b.listing(b.store)["n1"]
		return j.Limit == limit && j.Tag == spec.Tag && j.Ends.Equal(j.Started.Add(limit))
	})
}

func (b *bench) impossible() {
	if b.h.Impossible == nil {
		b.Skip("nothing is known to be impossible")
	}
	if id, err := b.s.Submit(b.Context(), b.h.Impossible(b.spec("no", RunForever))); id != "" || !errors.Is(err, drivers.ErrRejected) {
		b.Errorf("it gave job %q, %v", id, err)
	}
	b.submit(b.spec("yes", RunForever))
	b.reach("yes", drivers.JobRunning)
	if j, ok := b.listing(b.store)["no"]; ok && !j.State.Terminal() {
		b.Errorf("what was refused is listed as %s", j.State)
	}
}

func (b *bench) concurrent() {
	const n = 8
	var specs []drivers.JobSpec
	for i := range n {
		specs = append(specs, b.spec(fmt.Sprintf("n%d", i), RunForever))
	}
	var wg sync.WaitGroup
	ids, errs := make([]drivers.JobID, n), make([]error, n)
	for i, spec := range specs {
		wg.Go(func() { ids[i], errs[i] = b.s.Submit(b.Context(), spec) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		b.Fatal(err)
	}
	b.until("all to be listed", func() bool { return len(b.listing(b.store)) == n })
	for i, j := range b.listing(b.store) {
		at := slices.Index(ids, j.ID)
		if at < 0 || specs[at].Tag.Nonce != i {
			b.Errorf("nonce %s is job %s, acknowledged were %v", i, j.ID, ids)
		}
	}
}

// unreachable asks everything at once, because each answer may take as long as a network's timeout.
func (b *bench) unreachable() {
	if b.h.Break == nil {
		b.Skip("this scheduler is always reachable")
	}
	id := b.submit(b.spec("n1", RunForever))
	b.reach("n1", drivers.JobRunning)
	lost := b.spec("lost", RunForever)
	var jobs []drivers.Job
	var none drivers.JobID
	var list, submit, cancel, ended, change error
	limit := time.Minute
	restore := b.h.Break(b.T)
	func() {
		defer restore()
		var wg sync.WaitGroup
		wg.Go(func() { jobs, list = b.s.Jobs(b.Context(), b.store) })
		wg.Go(func() { none, submit = b.s.Submit(b.Context(), lost) })
		wg.Go(func() { cancel = b.s.Cancel(b.Context(), id, "n1") })
		if a, ok := b.s.(drivers.Accountant); ok {
			wg.Go(func() { _, ended = a.Ended(b.Context(), id, "n1") })
		} else {
			ended = drivers.ErrUnavailable
		}
		if r, ok := b.s.(drivers.Reconfigurer); ok {
			wg.Go(func() { change = r.Reconfigure(b.Context(), id, "n1", drivers.Change{Time: &limit}) })
		} else {
			change = drivers.ErrUnavailable
		}
		wg.Wait()
	}()
	if !errors.Is(list, drivers.ErrUnavailable) || len(jobs) > 0 {
		b.Errorf("listing gave %d jobs, %v", len(jobs), list)
	}
	if none != "" || !errors.Is(submit, drivers.ErrUnavailable) && !errors.Is(submit, drivers.ErrUncertain) {
		b.Errorf("submitting gave job %q, %v", none, submit)
	}
	for what, err := range map[string]error{"cancelling": cancel, "accounting": ended, "changing": change} {
		if err == nil || errors.Is(err, drivers.ErrNotFound) || errors.Is(err, drivers.ErrRejected) {
			b.Errorf("%s gave %v", what, err)
		}
	}
	b.until("the scheduler to answer", func() bool {
		_, err := b.s.Jobs(b.Context(), b.store)
		return err == nil
	})
	got := b.listing(b.store)
	if got["n1"].ID != id || got["n1"].State.Terminal() {
		b.Errorf("afterwards the job is %+v", got["n1"])
	}
	if _, there := got["lost"]; there && errors.Is(submit, drivers.ErrUnavailable) {
		b.Error("a submission that was not received made a job")
	}
}
