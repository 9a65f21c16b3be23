package reconciler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// stopWithin is how long effects that have begun may go on once the loop is told to stop. Then they are cut short.
const stopWithin = 45 * time.Second

// room is how many effects of a kind that do not call the scheduler are under way at once, and crowd how many cancels.
const (
	room  = 8
	crowd = 128
)

// place is what effects have their order for: a seat, or else a folder, an experiment, Prometheus.
type place struct {
	seat drivers.Seat
	what string
}

// effect is what is to be done at one place, in order.
type effect struct {
	at    place
	kind  kind
	do    func(context.Context) outcome
	ahead *ahead // what can be written before it together with that of others; nil: nothing
}

// kind keeps effects that wait for one thing from those that wait for another.
type kind int

const (
	notes     kind = iota // files of the state directory
	asking                // the scheduler; several times as many as its calls, so that some write while others call
	ending                // cancels: a driver does with one command what many ask for
	lengthy               // directories and exports: minutes each
	questions             // Prometheus
	kinds
)

// calling makes one call of the scheduler, when there is room for it. Without room until ctx ends nothing was called.
func (b *beside) calling(ctx context.Context, call func(context.Context) error) error {
	select {
	case b.calls <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("waiting for other calls of the scheduler: %w: %w", ctx.Err(), drivers.ErrUnavailable)
	}
	defer func() { <-b.calls }()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return call(ctx)
}

// beside carries effects out beside the passes: one at a time for a place, a bounded number at once. What has not begun
// is no promise: a pass hands over what it wants done, and that replaces what the last one wanted.
//
// A pass calls look before it reads the world, hold before it decides, give with what it decided, and take for what became
// of effects. Nothing begins between hold and give, so what hold returns is all that the pass may not decide upon.
type beside struct {
	spawn func(func())
	write func([]*ahead)

	mu      sync.Mutex
	most    [kinds]int
	queue   []effect
	held    bool
	closed  bool
	running map[place]bool
	busy    [kinds]int     // running, by kind
	touched map[place]bool // under way at some moment since look
	done    []outcome
	ended   chan struct{} // an effect has ended
	calls   chan struct{} // holds one for each call of the scheduler that is under way

	begin, ctx context.Context // until stop, and until what has begun is cut short
	close, cut context.CancelFunc
}

func newBeside(spawn func(func()), write func([]*ahead), calls int) *beside {
	b := &beside{spawn: spawn, write: write, most: [kinds]int{notes: room, asking: 4 * calls, ending: crowd, lengthy: room, questions: room}, calls: make(chan struct{}, calls), running: map[place]bool{}, touched: map[place]bool{}, ended: make(chan struct{}, 1)}
	b.reopen()
	return b
}

// reopen lets effects begin, again after stop.
func (b *beside) reopen() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = false
	b.ctx, b.cut = context.WithCancel(context.Background())
	b.begin, b.close = context.WithCancel(b.ctx)
}

// open is a context that ends when nothing may begin any more.
func (b *beside) open() context.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.begin
}

func (b *beside) stopping() bool { return b.open().Err() != nil }

// look begins a pass.
func (b *beside) look() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.touched)
	for at := range b.running {
		b.touched[at] = true
	}
}

// hold lets nothing begin until give or release, and returns the places that have changed, or may have, since look.
func (b *beside) hold() map[place]bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = true
	return b.touched
}

// give replaces what has not begun, and goes on. Effects at places that hold returned are left out.
func (b *beside) give(wanted []effect) {
	b.mu.Lock()
	b.queue = slices.DeleteFunc(wanted, func(e effect) bool { return b.touched[e.at] })
	b.held = false
	b.mu.Unlock()
	b.start()
}

// add puts one effect behind the others, unless one is under way at its place.
func (b *beside) add(e effect) {
	b.mu.Lock()
	if !b.running[e.at] {
		b.queue = append(b.queue, e)
	}
	b.mu.Unlock()
	b.start()
}

// start begins what there is room for.
func (b *beside) start() {
	for k := range kinds {
		for {
			all := b.next(k)
			if len(all) == 0 {
				break
			}
			b.spawn(func() { b.work(all) })
		}
	}
}

// work does one effect after the other, as long as there are more of its kind. Those that begin together are done side by side.
func (b *beside) work(all []effect) {
	for len(all) > 0 {
		if len(all) > 1 {
			b.writeAhead(all)
		}
		for _, other := range all[1:] {
			b.spawn(func() { b.work([]effect{other}) })
		}
		e := all[0]
		out := e.do(b.ctx)
		b.mu.Lock()
		delete(b.running, e.at)
		b.busy[e.kind]--
		b.done = append(b.done, out)
		if out.halt != nil {
			b.closed, b.queue = b.closed || errors.Is(out.halt, store.ErrLeaseLost), nil
		}
		b.mu.Unlock()
		select {
		case b.ended <- struct{}{}:
		default:
		}
		all = b.next(e.kind)
	}
}

// next takes the first effect of a kind that can begin, and with it those whose notes can be written together with its own.
func (b *beside) next(k kind) []effect {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held || b.closed || b.busy[k] >= b.most[k] {
		return nil
	}
	which := b.together(k)
	if len(which) > b.most[k]-b.busy[k] {
		return nil // there is room for them soon
	}
	var out []effect
	for _, i := range which {
		e := b.queue[i]
		out = append(out, e)
		b.running[e.at], b.touched[e.at] = true, true
		b.busy[k]++
	}
	for _, i := range slices.Backward(which) {
		b.queue = slices.Delete(b.queue, i, i+1)
	}
	return out
}

// take returns what became of effects since the last call.
func (b *beside) take() []outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.done
	b.done = nil
	return out
}

// pending is how many effects wait, and how many are under way.
func (b *beside) pending() (waiting, running int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue), len(b.running)
}

// finish returns when no effect is under way and none waits, or when ctx ends.
func (b *beside) finish(ctx context.Context) error {
	for {
		if waiting, running := b.pending(); waiting+running == 0 {
			return nil
		}
		select {
		case <-b.ended:
		case <-time.After(tick): // another one heard of the end
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stop lets nothing begin any more. What has begun is waited for, and after stopWithin cut short.
func (b *beside) stop() {
	b.mu.Lock()
	b.closed, b.queue = true, nil
	b.close()
	b.mu.Unlock()
	defer b.cut()
	for _, cut := range []func(){b.cut, func() {}} {
		ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
		err := b.finish(ctx)
		cancel()
		if err == nil {
			return
		}
		cut()
	}
}

// outcome is what became of the actions at one place. The pass takes it in: nothing of the loop's memory is written beside it.
type outcome struct {
	did      []result
	asked    bool      // the scheduler was called, so its last answer is old
	doubt    error     // the scheduler did not answer, so nothing that it said before is certain
	folders  bool      // a directory was changed
	unstored string    // experiment whose metrics could not be stored
	targets  string    // fingerprint of the targets that Prometheus took
	answer   *answered // what Prometheus said of a scaled service
	halt     error     // nothing more may be done: the lease is lost, or could not be renewed
}

// result is an action, and as what it was done.
type result struct {
	action, did plan.Action
	err         error
}
