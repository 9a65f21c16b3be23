package serving

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/wire"
)

// part is one node's share of a run.
type part struct{ at, of int }

// share of n is this node's part of it.
func (p part) share(n int) int { return wire.Share(n, p.at, p.of) }

// bound is how many requests this node can have in flight; 0: no bound.
func (r *runner) bound() int { return r.part.share(r.spec.Concurrency) }

// connections is how many connections this node opens beforehand.
func (r *runner) connections() int { return max(1, r.part.share(connections(r.spec))) }

// measure sends every request from this node.
func (r *runner) measure(ctx context.Context) ([]sample, error) {
	samples := r.share()
	return samples, r.send(ctx, samples, func(ctx context.Context) (time.Duration, error) { return 0, r.overlap.Begin(ctx, r.progress) })
}

// share is this node's part of the requests: every n-th on n nodes.
func (r *runner) share() []sample {
	n := r.spec.Prompts
	structured := make([]bool, n)
	for _, i := range suite.Rand(r.req.Seed, "structured").Perm(n)[:int(r.ratio()*float64(n))] {
		structured[i] = true
	}
	var out []sample
	for i := r.part.at; i < n; i += r.part.of {
		out = append(out, sample{index: i, structured: structured[i]})
	}
	return out
}

// send prepares the samples and sends them. When everything is ready, begin returns the time to start (0: now).
func (r *runner) send(ctx context.Context, samples []sample, begin func(context.Context) (time.Duration, error)) error {
	r.progress("preparing the requests")
	if err := r.prepare(ctx, samples); err != nil {
		return err
	}
	offsets := r.offsets(samples)
	r.open = offsets != nil
	drive, closeDriver, err := r.driver(ctx, samples, offsets)
	if err != nil {
		return err
	}
	defer closeDriver()
	runtime.GC() // a collection now is one less in the window
	start, err := begin(ctx)
	if err != nil {
		return err
	}
	var done atomic.Int64
	stop := r.report(&done, len(samples))
	if r.part.at == 0 { // only the first node reads the server's metrics
		r.startWatching(ctx)
	}
	began := suite.ReadUsage()
	err = drive(ctx, start, func() { done.Add(1) })
	r.self = selfBetween(began, suite.ReadUsage(), r.client.cores)
	stop()
	if err == nil {
		err = ctx.Err() // the run was stopped while the last answers were read
	}
	return err
}

// offsets are the times of the samples in the schedule of all requests; nil in a closed loop.
func (r *runner) offsets(samples []sample) []time.Duration {
	all := schedule(r.spec, r.data, suite.Rand(r.req.Seed, "arrivals"))
	if all == nil || r.part.of == 1 {
		return all
	}
	out := make([]time.Duration, len(samples))
	for i, s := range samples {
		out[i] = all[s.index]
	}
	return out
}

// report writes the progress once a second until stop is called.
func (r *runner) report(done *atomic.Int64, n int) (stop func()) {
	where := ""
	if r.part.of > 1 {
		where = fmt.Sprintf(" of this node, one of %d", r.part.of)
	}
	write := func() { r.progress(fmt.Sprintf("%d of %d requests%s", done.Load(), n, where)) }
	tick, quit, ended := time.NewTicker(time.Second), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-tick.C:
				write()
			case <-quit:
				return
			}
		}
	}()
	return func() {
		tick.Stop()
		close(quit)
		<-ended
		write()
	}
}
