package serving

import (
	"context"
	"time"
)

// drive sends everything and fills the samples in; done is called after each.
type drive func(ctx context.Context, done func()) error

// sender sends prepared bodies over net/http.
func (r *runner) sender(ctx context.Context, bodies [][]byte) func(s *sample, body int) {
	path := r.payload.path()
	return func(s *sample, body int) {
		s.outcome = r.client.complete(ctx, max(s.index, -s.index), r.client.id(s.index), path, bodies[body])
	}
}

// overHTTP drives by net/http, for HTTPS and for systems other than Linux: a goroutine for each request in flight.
func (r *runner) overHTTP(ctx context.Context, samples []sample, bodies [][]byte, offsets []time.Duration) (drive, func(), error) {
	r.progress("opening connections")
	r.client.connect(ctx, connections(r.spec))
	return func(ctx context.Context, done func()) error {
		send := r.sender(ctx, bodies)
		return load(ctx, samples, offsets, r.spec.Concurrency, r.client.now, func(s *sample) {
			send(s, s.index)
			done()
		})
	}, func() {}, ctx.Err()
}
