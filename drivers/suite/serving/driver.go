package serving

import (
	"context"
	"time"

	"assay/drivers/suite/selfwatch"
)

// drive sends all requests from start on (0: now) and adds what became of them to the book. It returns what the threads that
// did so saw of themselves; none where goroutines did.
type drive func(ctx context.Context, start time.Duration) ([]selfwatch.Thread, error)

// sender sends a body over net/http.
func (r *runner) sender(ctx context.Context) func(s *sample, body []byte) {
	path := r.payload.path()
	return func(s *sample, body []byte) {
		s.outcome = r.client.complete(ctx, max(s.index, -s.index), r.client.id(s.index), path, body)
	}
}

// overHTTP drives by net/http, for HTTPS and for systems other than Linux: a goroutine for each request in flight.
func (r *runner) overHTTP(ctx context.Context, t todo, b *book) (drive, func(), error) {
	bodies, err := newAhead(ctx, t.count, func(k int) (*[]byte, int, error) {
		s := t.sample(k)
		body, err := r.body(&s)
		return &body, len(body), err
	})
	if err != nil {
		return nil, nil, err
	}
	r.progress("opening connections")
	r.client.connect(ctx, r.connections())
	return func(ctx context.Context, start time.Duration) ([]selfwatch.Thread, error) {
		ctx, stop := whileMade(ctx, bodies.goOn)
		defer stop()
		send := r.sender(ctx)
		all := requests{t.count, func(k int) *sample { s := t.sample(k); return &s }}
		return nil, load(ctx, all, pace{start, t.schedule, r.bound(), t.limit}, r.client.now, func(k int, s *sample) {
			if body := bodies.await(ctx, k); body != nil {
				send(s, *body)
				b.add(*s)
			}
		})
	}, func() {}, ctx.Err()
}

// whileMade makes requests ahead until stop is called. The context ends when one cannot be made.
func whileMade(ctx context.Context, goOn func(context.Context) error) (inner context.Context, stop func()) {
	inner, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := goOn(inner); err != nil {
			cancel(err)
		}
	}()
	return inner, func() {
		cancel(nil)
		<-ended
	}
}
