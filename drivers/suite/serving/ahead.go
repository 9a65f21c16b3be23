package serving

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Requests are made before they are due, because making one takes longer than sending it, but not all of them: so many
// bytes, and so many requests.
const (
	maxAhead  = 64 << 20
	mostAhead = 1 << 16
	someAhead = 64
)

// ahead makes the requests of a run a bounded way ahead of their being sent: the first ones before the clock starts, and
// for most runs these are all. What is sent makes room for the next.
type ahead[T any] struct {
	count int
	make  func(k int) (v *T, size int, err error) // k-th of count; called from several goroutines
	slots []atomic.Pointer[made[T]]
	taken atomic.Int64
	more  chan struct{} // there is room
}

type made[T any] struct {
	k int
	v *T
}

// newAhead makes the first requests of count on all cores.
func newAhead[T any](ctx context.Context, count int, make_ func(k int) (*T, int, error)) (*ahead[T], error) {
	a := &ahead[T]{count: count, make: make_, more: make(chan struct{}, 1)}
	if count == 0 {
		return a, nil
	}
	first, size, err := make_(0)
	if err != nil {
		return nil, err
	}
	a.slots = make([]atomic.Pointer[made[T]], min(count, mostAhead, max(someAhead, maxAhead/max(1, size))))
	a.slots[0].Store(&made[T]{0, first}) // each is made once
	errs := make([]error, runtime.GOMAXPROCS(0))
	var next atomic.Int64
	next.Store(1)
	var wg sync.WaitGroup
	for n := range errs {
		wg.Go(func() {
			for ctx.Err() == nil && errs[n] == nil {
				k := int(next.Add(1)) - 1
				if k >= len(a.slots) {
					return
				}
				errs[n] = a.put(k)
			}
		})
	}
	wg.Wait()
	for _, err := range append(errs, ctx.Err()) {
		if err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *ahead[T]) put(k int) error {
	v, _, err := a.make(k)
	if err == nil {
		a.slots[k%len(a.slots)].Store(&made[T]{k, v})
	}
	return err
}

// goOn makes the others as room is made for them, until ctx ends. It does so on a thread that steps back for those that
// send.
func (a *ahead[T]) goOn(ctx context.Context) error {
	if len(a.slots) == a.count {
		return nil
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, and with it its low priority
	stepBack()
	idle := time.NewTicker(20 * time.Millisecond) // what a signal missed is noticed then
	defer idle.Stop()
	for k := len(a.slots); k < a.count; k++ {
		for a.slots[k%len(a.slots)].Load() != nil {
			select {
			case <-ctx.Done():
				return nil
			case <-a.more:
			case <-idle.C:
			}
		}
		if err := a.put(k); err != nil {
			return err
		}
	}
	return nil
}

// take takes the k-th, and makes room; nil when it is not made yet. Each is taken once.
func (a *ahead[T]) take(k int) *T {
	slot := &a.slots[k%len(a.slots)]
	m := slot.Load()
	if m == nil || m.k != k {
		return nil
	}
	slot.Store(nil)
	if len(a.slots) < a.count && a.taken.Add(1)%int64(max(1, len(a.slots)/8)) == 0 {
		select {
		case a.more <- struct{}{}:
		default:
		}
	}
	return m.v
}

// await is take for a goroutine that can wait; nil when ctx ends first.
func (a *ahead[T]) await(ctx context.Context, k int) *T {
	for ctx.Err() == nil {
		if v := a.take(k); v != nil {
			return v
		}
		time.Sleep(100 * time.Microsecond)
	}
	return nil
}
