package reconciler

import (
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
	renewEvery  = 3 * time.Second
	renewWithin = 15 * time.Second // of a lease that counts; others wait twice as long before they take it over
)

// Run makes passes until ctx ends (nil) or the lease is lost (an error). A pass that fails is logged and made again. While the
// lease cannot be renewed nothing is done: pause.go.
func (l *Loop) Run(ctx context.Context) error {
	l.prepare()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var renewing sync.WaitGroup
	renewing.Go(func() { l.renew(ctx, stop) })
	defer renewing.Wait()
	defer stop(nil)
	var last string
	for ctx.Err() == nil {
		r, err := l.Pass(ctx)
		switch {
		case errors.Is(err, store.ErrLeaseLost):
			return err
		case l.tell(err):
		case err != nil && ctx.Err() == nil && err.Error() != last:
			l.Log.Error("a pass failed; it is made again", "error", err)
		}
		last = text(err)
		l.rest(ctx, r)
	}
	if err := context.Cause(ctx); errors.Is(err, store.ErrLeaseLost) {
		return err
	}
	return nil
}

// rest waits for the next pass: only shortly when something was done, since that often makes more possible.
func (l *Loop) rest(ctx context.Context, r plan.Result) {
	wait := tick
	if !r.NextPass.IsZero() {
		wait = max(shortest, min(wait, r.NextPass.Sub(l.Clock())))
	}
	if len(r.Actions) > 0 {
		wait = shortest
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
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
