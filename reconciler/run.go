package reconciler

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"assay/reconciler/plan"
	"assay/reconciler/store"
)

const (
	tick        = time.Second            // agents' files are read so often; the scheduler has its own rate
	shortest    = 200 * time.Millisecond // between two passes
	longest     = 5 * time.Second        // between two passes while effects wait for their turn
	crowded     = 19                     // times as long as a pass takes, between two while effects wait
	renewEvery  = 3 * time.Second
	renewWithin = 15 * time.Second // of a lease that counts; others wait twice as long before they take it over
)

// Run makes passes until ctx ends (nil) or the lease is lost (an error). A pass that fails is logged and made again. While the
// lease cannot be renewed nothing is done: pause.go. When it returns nothing that it began is under way.
func (l *Loop) Run(ctx context.Context) (err error) {
	l.prepare()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var renewing sync.WaitGroup
	keep, end := context.WithCancel(context.WithoutCancel(ctx)) // what was begun needs the lease until it has ended
	renewing.Go(func() { l.renew(keep, stop) })
	defer renewing.Wait()
	defer end()
	l.beside.reopen()
	defer func() { err = cmp.Or(err, l.stop()) }()
	var last string
	for ctx.Err() == nil {
		began := time.Now()
		r, err := l.Pass(ctx)
		if l.Passed != nil && ctx.Err() == nil {
			l.Passed(err)
		}
		switch {
		case errors.Is(err, store.ErrLeaseLost):
			return err
		case l.paused(err):
		case err != nil && ctx.Err() == nil && err.Error() != last:
			l.Log.Error("a pass failed; it is made again", "error", err)
		}
		last = text(err)
		l.rest(ctx, r, time.Since(began))
	}
	if err := context.Cause(ctx); errors.Is(err, store.ErrLeaseLost) {
		return err
	}
	return nil
}

// stop waits for what was begun, and writes the events of it.
func (l *Loop) stop() error {
	l.beside.stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	return cmp.Or(l.takeAll(), l.writeEvents())
}

// rest waits for the next pass: only shortly when something was done, since that often makes more possible. While many
// effects wait for their turn, passes take only a part of the time, and none is made before the last has ended: they would
// compete with them for the machine.
func (l *Loop) rest(ctx context.Context, r plan.Result, took time.Duration) {
	wait := tick
	if !r.NextPass.IsZero() {
		wait = max(shortest, min(wait, r.NextPass.Sub(l.Clock())))
	}
	waiting, running := l.beside.pending()
	many := waiting > 0
	switch {
	case many:
		wait = min(max(2*tick, crowded*took), longest)
	case running == 0 && len(r.Actions) > 0:
		wait = shortest
	}
	end := time.NewTimer(wait)
	defer end.Stop()
	soon := time.NewTimer(shortest)
	defer soon.Stop()
	select {
	case <-ctx.Done():
		return
	case <-soon.C:
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			return
		case <-l.beside.ended:
			if waiting, running := l.beside.pending(); waiting == 0 && (running == 0 || !many) {
				return
			}
		}
	}
}

// renew keeps the lease while ctx lasts, and stops everything when it is lost.
func (l *Loop) renew(ctx context.Context, stop context.CancelCauseFunc) {
	ticker := time.NewTicker(renewEvery)
	defer ticker.Stop()
	for {
		if err := l.renewOnce(); errors.Is(err, store.ErrLeaseLost) {
			stop(err)
			return
		} // another error is a pause
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
