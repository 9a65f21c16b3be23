package serving

import (
	"context"
	"time"
)

// drive sends all requests from start on (0: now) and fills in the samples; done is called after each.
type drive func(ctx context.Context, start time.Duration, done func()) error

// sender sends prepared bodies over net/http.
func (r *runner) sender(ctx context.Context) func(*sample) {
	path := r.payload.path()
	return func(s *sample) {
		s.outcome = r.client.complete(ctx, max(s.index, -s.index), r.client.id(s.index), path, s.body)
	}
}

// overHTTP drives by net/http, for HTTPS and for systems other than Linux: a goroutine for each request in flight.
func (r *runner) overHTTP(ctx context.Context, samples []sample, offsets []time.Duration) (drive, func(), error) {
	r.progress("opening connections")
	r.client.connect(ctx, r.connections())
	return func(ctx context.Context, start time.Duration, done func()) error {
		send := r.sender(ctx)
		return load(ctx, samples, pace{start, offsets, r.bound()}, r.client.now, func(s *sample) {
			send(s)
			done()
		})
	}, func() {}, ctx.Err()
}
