package reconciler

import (
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// longestPass is how long a pass may take, by the cluster's clock.
const longestPass = 5 * time.Second

// errSlow is the harm that a slow call does inside a pass: everything else waits.
var errSlow = errors.New("a pass waited for a slow call")

// flights are the effects that are under way beside the passes. Each is a coroutine: it stops at a slow call and goes on at a
// later moment of the cluster's clock, so that passes, edits, faults and crashes happen meanwhile, and a seed replays exactly.
type flights struct {
	rng    *rand.Rand
	rate   float64 // how many calls are slow
	flying []*flight
	now    *flight // the one that runs at this moment; nil: the controller itself
}

type flight struct {
	due  time.Time
	call string
	next func() (time.Duration, bool)
	stop func()
	wait func(time.Duration) bool // false: the controller was killed
	old  bool                     // of a controller that lost its lease: its calls are not slow any more
}

func newFlights(seed uint64) flights {
	rng := rand.New(rand.NewPCG(seed, 4))
	return flights{rng: rng, rate: []float64{0, 0.02, 0.1, 0.3}[rng.IntN(4)]}
}

// killed is what unwinds an effect whose controller is gone.
type killed struct{}

// spawn begins an effect of the living controller. It goes on until it ends or stops at a slow call.
func (w *sim) spawn(f func()) {
	if w.v.inside {
		f()
		return
	}
	l := &flight{}
	l.next, l.stop = iter.Pull(func(yield func(time.Duration) bool) {
		defer func() {
			if r := recover(); r != nil && r != any(killed{}) {
				panic(r)
			}
		}()
		l.wait = yield
		f()
	})
	w.fly(l)
}

// fly lets an effect go on.
func (w *sim) fly(l *flight) {
	before := w.flights.now
	w.flights.now = l
	defer func() { w.flights.now = before }()
	if d, more := l.next(); more {
		l.due = w.cluster.Now().Add(d)
		w.flights.flying = append(w.flights.flying, l)
		w.note("slow: %s takes %s", l.call, d)
	}
}

// dawdle makes some calls slow: those of the scheduler take up to half a minute, files up to ten seconds.
func (w *sim) dawdle(call string) {
	f := &w.flights
	if f.rate == 0 || f.now == nil && !w.v.inside || f.now != nil && f.now.old {
		return
	}
	longest, rate := 10*time.Second, f.rate/10
	switch _, what, _ := strings.Cut(call, " "); what {
	case "Submit", "Cancel", "Reconfigure", "Fence":
		longest, rate = 30*time.Second, f.rate
	case "Jobs", "Ended": // a pass waits for what it observes
		return
	}
	if f.rng.Float64() >= rate {
		return
	}
	d := time.Duration(f.rng.Int64N(int64(longest)))
	if w.v.inside {
		w.cluster.Advance(d)
		return
	}
	f.now.call = call
	if !f.now.wait(d) {
		panic(killed{})
	}
}

// land lets those effects go on whose calls have ended by now, in any order. A crash in one is survived by another controller.
func (w *sim) land() {
	if w.cluster.Now().Before(w.backAt) {
		return // a controller that hangs reads no answers
	}
	f := &w.flights
	var due []*flight
	f.flying = slices.DeleteFunc(f.flying, func(l *flight) bool {
		is := !l.due.After(w.cluster.Now())
		if is {
			due = append(due, l)
		}
		return is
	})
	f.rng.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	for i, l := range due {
		if w.surviving(func() { w.fly(l) }) {
			for _, other := range due[i+1:] {
				other.stop()
			}
			w.restart()
			return
		}
	}
}

// kill ends what a controller had under way when it was killed: whatever was not done by then is never done.
func (f *flights) kill() {
	for _, l := range f.flying {
		l.stop()
	}
	f.flying = nil
}

// aside takes the effects of a controller away that lives on without the lease.
func (f *flights) aside() []*flight {
	out := f.flying
	f.flying = nil
	for _, l := range out {
		l.old = true
	}
	return out
}

// finish lets such effects go on to their end.
func (f *flights) finish(all []*flight) {
	for _, l := range all {
		f.now = l
		l.next()
		f.now = nil
	}
}
