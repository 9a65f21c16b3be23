package reconciler

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/reconciler/each"
	"assay/reconciler/plan"

	"github.com/google/go-cmp/cmp"
)

var (
	oneSeed = flag.Uint64("seed", 0, "replay this seed of the simulation, with its trace")
	seeds   = flag.Uint64("seeds", 1000, "the last seed that the simulation runs")
	from    = flag.Uint64("from", 1, "the first one")
)

// TestSim runs the real loop over the real store against the simulated cluster, with every fault that it knows, edits of
// the manifest in between, and crashes before and after any driver and store call. See world_test.go for what must hold.
func TestSim(t *testing.T) {
	if *oneSeed != 0 {
		if err := simulate(t, *oneSeed, variant{}, os.Stderr.WriteString); err != nil {
			t.Fatal(err)
		}
		return
	}
	n := *seeds
	if testing.Short() {
		n = min(n, 100)
	}
	seed, err := firstFailure(t, *from, n, variant{})
	for _, once := range []uint64{2268, 4367, 8251} { // they failed when many more ran
		if err == nil {
			seed, err = firstFailure(t, once, once, variant{})
		}
	}
	if err != nil {
		t.Fatalf("seed %d: %v\n\nreplay: go test ./reconciler -run TestSim -seed %d", seed, err, seed)
	}
}

// TestSeedReplays shows that a seed that failed can be looked at again.
func TestSeedReplays(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		var first, second strings.Builder
		for _, trace := range []*strings.Builder{&first, &second} {
			if err := simulate(t, seed, variant{}, trace.WriteString); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(strings.Split(first.String(), "\n"), strings.Split(second.String(), "\n")); diff != "" {
			t.Fatalf("seed %d told two stories: %s", seed, diff)
		}
	}
}

// TestCrashAtEveryCall makes the same calm story once for every call that it contains, and crashes at that call.
func TestCrashAtEveryCall(t *testing.T) {
	t.Run("one after the other", func(t *testing.T) {
		crashEverywhere(t, func(w *sim) []func() {
			return []func(){func() {}, func() { w.model = "b" }, func() { w.slots = 2 }, func() { w.slots = 1 }}
		})
	})
	t.Run("together", func(t *testing.T) { // intents and cancels share files
		crashEverywhere(t, func(w *sim) []func() {
			w.web, w.repeats = false, 0
			return []func(){func() { w.slots = 4 }, func() { w.slots = 1 }}
		})
	})
}

func crashEverywhere(t *testing.T, story func(*sim) []func()) {
	var calls atomic.Int64
	if err := crashAt(t, story, 0, &calls); err != nil {
		t.Fatalf("without a crash: %v", err)
	}
	total := int(calls.Load())
	if total < 100 {
		t.Fatalf("only %d calls were hooked: the story is too short to show anything", total)
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	var failed sync.Once
	each.Do(runtime.GOMAXPROCS(0), total/step, func(i int) {
		if err := crashAt(t, story, i*step+1, new(atomic.Int64)); err != nil {
			failed.Do(func() { t.Errorf("crash at call %d of %d: %v", i*step+1, total, err) })
		}
	})
}

// crashAt lives the calm story and crashes at the k-th hooked call; 0 never.
func crashAt(t *testing.T, story func(*sim) []func(), k int, calls *atomic.Int64) error {
	w, err := newSim(t, 7, variant{}, nil)
	if err != nil {
		return err
	}
	defer w.close()
	w.crash = func(string) bool { return calls.Add(1) == int64(k) }
	for _, edit := range story(w) {
		edit()
		w.apply()
		for range 8 {
			w.pass()
			w.cluster.Advance(w.step)
			w.land()
			if err := w.check(); err != nil {
				return err
			}
		}
	}
	w.crash = nil
	return w.converge()
}

// firstFailure runs seeds from first to last, two at a time, and returns one that fails.
func firstFailure(t *testing.T, first, last uint64, v variant) (uint64, error) {
	if first > last {
		return 0, nil
	}
	var (
		mu     sync.Mutex
		seed   uint64
		failed error
		stop   atomic.Bool
	)
	each.Do(runtime.GOMAXPROCS(0), int(last-first+1), func(i int) {
		if stop.Load() {
			return
		}
		var trace strings.Builder
		if err := simulate(t, first+uint64(i), v, trace.WriteString); err != nil {
			stop.Store(true)
			mu.Lock()
			defer mu.Unlock()
			if failed == nil || first+uint64(i) < seed {
				seed, failed = first+uint64(i), fmt.Errorf("%w\n%s", err, tail(trace.String(), 60))
			}
		}
	})
	return seed, failed
}

func tail(s string, lines int) string {
	all := strings.Split(s, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// simulate lives one seeded story: trouble for a while, then peace, in which everything has to become as declared.
func simulate(t *testing.T, seed uint64, v variant, trace func(string) (int, error)) error {
	w, err := newSim(t, seed, v, trace)
	if err != nil {
		return err
	}
	defer w.close()
	w.crash = func(string) bool { return w.rng.Float64() < w.crashRate }
	w.own, w.renews, w.search, w.scaled = seed%4 == 0, seed%5 == 3, seed%4 == 1 || seed%8 == 4, scales(seed)
	if seed%6 == 5 {
		w.budget, w.slots = 18*time.Hour, 2 // one of the jobs that last for 12 hours, and not two
	}
	if seed%8 == 6 {
		w.schedule = everyTen
	}
	w.apply()
	for range 40 + w.rng.IntN(30) {
		w.trouble()
		w.runTrouble()
		if w.present() {
			w.pass()
		}
		w.cluster.Advance(w.upTo(2 * w.step))
		w.land()
		if err := w.read(); err != nil {
			return err
		}
		if err := w.check(); err != nil {
			return err
		}
	}
	w.peace()
	if seed%8 == 0 { // and then many are lost at once, and stay lost
		if err := w.converge(); err != nil {
			return err
		}
		w.loseAll()
	}
	if seed%8 == 2 { // and then servers hang, which only their agent can end
		if err := w.converge(); err != nil {
			return err
		}
		w.hang()
		for range 5 {
			w.pass()
			w.cluster.Advance(w.step)
		}
	}
	if seed%8 == 4 { // and then the controller's host is cut off, with everything as declared
		if err := w.converge(); err != nil {
			return err
		}
		w.cut, w.soundAt = true, w.cluster.Now().Add(200*time.Second)
		w.mute()
		w.endure()
		w.sound()
	}
	return w.converge()
}

// pass makes one pass; a crash in it is survived by another controller.
func (w *sim) pass() {
	began := w.cluster.Now()
	crashed := w.surviving(func() {
		w.dropDamaged()
		r, err := w.loop.Pass(context.Background())
		if err = w.giveUp(err); err != nil {
			w.note("pass: %s", strings.ReplaceAll(err.Error(), w.dir, "STATE"))
		}
		w.ends(err)
		for _, a := range r.Actions {
			w.note("%s %s %s %s %s", a.Verb, a.Seat, a.Object, a.Reason, a.JobID)
		}
		w.handedOver(r.Actions)
		w.calmly(r)
		w.quiet = err == nil && !slices.ContainsFunc(r.Actions, func(a plan.Action) bool { return !a.Quiet }) && len(w.flights.flying) == 0
		w.status = r.Status
	})
	if took := w.cluster.Now().Sub(began); took > longestPass {
		w.broken = fmt.Errorf("%w: it took %s", errSlow, took)
	}
	if crashed {
		w.quiet = false
		w.restart()
	}
}

// surviving runs f and reports whether it crashed.
func (w *sim) surviving(f func()) (crashed bool) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case crash:
			w.note("crash %s", r)
			crashed = true
		default:
			panic(r)
		}
	}()
	f()
	return false
}

// crash is what a hook panics with.
type crash string

// converge makes passes until nothing is left to do, and demands that everything is as declared then.
func (w *sim) converge() error {
	calm := 0
	for range 300 {
		w.pass()
		if err := w.check(); err != nil {
			return err
		}
		w.obey()
		if calm++; !w.quiet || !w.done() {
			calm = 0
		}
		if calm >= 3 {
			return w.final()
		}
		w.cluster.Advance(w.step)
		w.land()
	}
	return errors.New("it did not converge: " + w.complaints())
}
