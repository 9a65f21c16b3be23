package prometheus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"assay/drivers"
)

// startAgain is between two tries to start a Prometheus that could not start or was lost.
const startAgain = 30 * time.Second

// Kept is an embedded Prometheus that its user can do without: it is started when that is possible, and again when it is
// lost. While there is none every question is answered by ErrUnavailable with the cause; the targets are remembered.
type Kept struct {
	o       Options
	place   Place
	publish func(url string) error
	mu      sync.Mutex
	e       *Embedded // nil: none runs
	err     error     // why
	targets []drivers.Target
	stop    context.CancelFunc
	done    chan struct{}
}

// Keep starts an embedded Prometheus at a place, once before it returns and in the background from then on. o.Dir is ignored.
// publish is told the address of each that starts, and "" when it is lost; its error counts as one of Prometheus.
func Keep(o Options, place Place, publish func(url string) error) *Kept {
	ctx, cancel := context.WithCancel(context.Background())
	k := &Kept{o: o, place: place, publish: publish, stop: cancel, done: make(chan struct{})}
	k.try()
	go k.run(ctx)
	return k
}

// run waits for the loss of what runs, and starts another.
func (k *Kept) run(ctx context.Context) {
	defer close(k.done)
	for {
		var lost <-chan error
		var again <-chan time.Time
		if e, _ := k.running(); e != nil {
			lost = e.lost
		} else {
			again = time.After(startAgain)
		}
		select {
		case <-ctx.Done():
			return
		case err := <-lost:
			k.lose(err)
		case <-again:
			k.try()
		}
	}
}

// try starts one, unless it cannot be.
func (k *Kept) try() {
	dir, err := k.place.Take()
	var e *Embedded
	if err == nil {
		o := k.o
		o.Dir = dir
		e, err = Start(o)
	}
	if err == nil {
		if err = k.publish(e.URL()); err != nil {
			err = errors.Join(err, e.Close())
			e = nil
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.e, k.err = e, err
	if err == nil && k.targets != nil {
		ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
		defer cancel()
		k.err = e.SetTargets(ctx, k.targets)
	}
}

func (k *Kept) lose(cause error) {
	k.mu.Lock()
	e := k.e
	k.e, k.err = nil, fmt.Errorf("it was lost: %w", cause)
	k.mu.Unlock()
	if err := errors.Join(k.publish(""), e.Close()); err != nil {
		k.o.Log.Warn("closing what was lost of the embedded Prometheus", "error", err)
	}
}

// running is what runs now, or why none does.
func (k *Kept) running() (*Embedded, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.e == nil {
		return nil, fmt.Errorf("the embedded Prometheus does not run, and is tried again every %s: %w: %w", startAgain, drivers.ErrUnavailable, k.err)
	}
	return k.e, nil
}

// URL is where the query API answers; an error says why there is none.
func (k *Kept) URL() (string, error) {
	e, err := k.running()
	if err != nil {
		return "", err
	}
	return e.URL(), nil
}

// SetTargets replaces what is scraped, at once or when a Prometheus runs again.
func (k *Kept) SetTargets(ctx context.Context, targets []drivers.Target) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.targets = targets
	if k.e == nil {
		return nil
	}
	return k.e.SetTargets(ctx, targets)
}

// Health is Embedded.Health.
func (k *Kept) Health(ctx context.Context) (map[string]drivers.Health, error) {
	e, err := k.running()
	if err != nil {
		return nil, err
	}
	return e.Health(ctx)
}

// Export is Embedded.Export.
func (k *Kept) Export(ctx context.Context, experiment, path string) error {
	e, err := k.running()
	if err != nil {
		return err
	}
	return e.Export(ctx, experiment, path)
}

// Close ends what runs.
func (k *Kept) Close() error {
	k.stop()
	<-k.done
	e, err := k.running()
	if err != nil {
		return nil
	}
	return errors.Join(k.publish(""), e.Close())
}
