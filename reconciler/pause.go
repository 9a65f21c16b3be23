package reconciler

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"assay/drivers/durable"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// errPaused means that nothing may be done now, because the lease could not be renewed. It passes by itself.
var errPaused = errors.New("paused")

// renewal is whether the lease was kept. While it cannot be renewed the state directory takes no writes, or cannot be reached.
// Then others cannot see that this process lives, and could take over as soon as they can write, so nothing is done.
type renewal struct {
	mu   sync.Mutex
	err  error     // why it could not be renewed the last time; nil: it could
	at   time.Time // when it was last renewed; zero: Run does not do so
	told time.Time // since when people know that the loop is paused; zero: it is not
	why  string    // as they were told
}

// renewOnce renews the lease. store.ErrLeaseLost is final, any other error is a pause.
func (l *Loop) renewOnce() error {
	err := l.Lease.Renew()
	l.renewal.mu.Lock()
	defer l.renewal.mu.Unlock()
	if l.renewal.err = err; err == nil {
		l.renewal.at = l.steady()
	}
	return err
}

// mayAct is asked before every effect: nil when this process has the lease and could show so lately.
func (l *Loop) mayAct() error {
	if err := l.Lease.Check(); err != nil {
		return err
	}
	l.renewal.mu.Lock()
	defer l.renewal.mu.Unlock()
	switch {
	case l.renewal.err != nil:
		return fmt.Errorf("%w: %w", errPaused, l.renewal.err)
	case !l.renewal.at.IsZero() && l.steady().Sub(l.renewal.at) > renewWithin:
		return fmt.Errorf("%w: the lease was not renewed for %s", errPaused, renewWithin)
	}
	return nil
}

// resume is mayAct for the beginning of a pass: what failed before is tried again.
func (l *Loop) resume() error {
	err := l.mayAct()
	if errors.Is(err, errPaused) {
		if err := l.renewOnce(); err != nil && !errors.Is(err, store.ErrLeaseLost) {
			return fmt.Errorf("%w: %w", errPaused, err)
		}
		return l.mayAct()
	}
	return err
}

// pauseFor returns an error when a failed effect means that the state directory takes no writes at all: then the other
// effects of the pass would only fail too, or be done without a note. Otherwise the failure is one of that effect.
func (l *Loop) pauseFor(failed error) error {
	if failed == nil || durable.Trouble(l.Store.Dir(), failed) == "" {
		return nil
	}
	err := l.renewOnce()
	if err == nil || errors.Is(err, store.ErrLeaseLost) {
		return err
	}
	return fmt.Errorf("%w: %w", errPaused, err)
}

// paused says once that the loop is paused, and why, and once that it goes on. It reports whether err is a pause.
func (l *Loop) paused(err error) bool {
	now := l.steady()
	if trouble := l.pauseFor(err); trouble != nil {
		err = trouble
	}
	if errors.Is(err, errPaused) {
		if l.renewal.told.IsZero() {
			l.renewal.told = now
			why := durable.Trouble(l.Store.Dir(), err)
			if why == "" {
				why = err.Error()
			}
			l.renewal.why = why
			l.Log.Error("paused: nothing is submitted, cancelled or changed until the state directory takes writes again; what runs goes on", "reason", why)
		}
		return true
	}
	if err == nil && !l.renewal.told.IsZero() {
		lasted := now.Sub(l.renewal.told).Round(time.Second)
		l.Log.Warn("going on: the state directory takes writes again", "after", lasted)
		l.renewal.told = time.Time{}
		l.note(store.Event{Type: warning, Reason: string(plan.StateUnwritable), Message: fmt.Sprintf("nothing was looked after for %s: %s", lasted, l.renewal.why)})
	}
	return false
}

// note writes an event that belongs to no action. One that cannot be written is in the log only.
func (l *Loop) note(e store.Event) bool {
	e.Time = l.Clock()
	if err := l.Lease.Emit(e); err != nil {
		l.Log.Warn("writing an event", "object", e.Object, "reason", e.Reason, "error", err)
		return false
	}
	return true
}
