package serving

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/wire"
	"assay/drivers/suite/selfwatch"
)

// part is one node's share of a run.
type part struct{ at, of int }

// share of n is this node's part of it.
func (p part) share(n int) int { return wire.Share(n, p.at, p.of) }

// bound is how many requests this node can have in flight; 0: no bound.
func (r *runner) bound() int { return r.part.share(r.spec.Concurrency) }

// connections is how many connections this node opens beforehand.
func (r *runner) connections() int { return max(1, r.part.share(connections(r.spec))) }

// todo are the requests that this node sends, numbered from 0, and when.
type todo struct {
	part
	count      int             // at most
	structured []bool          // by index in the run; nil: all are, if any is
	any        bool            // any is structured
	schedule   []time.Duration // nil: a closed loop
	limit      time.Duration   // after so long no further request begins; 0: all are sent
}

// sample is the k-th: every n-th of the run, on n nodes.
func (t *todo) sample(k int) sample {
	s := sample{index: t.at + k*t.of, structured: t.any}
	if t.structured != nil {
		s.structured = t.structured[s.index]
	}
	return s
}

// measure sends every request from this node.
func (r *runner) measure(ctx context.Context, b *book) error {
	return r.send(ctx, b, func(ctx context.Context) (time.Duration, error) { return 0, r.overlap.Begin(ctx, r.progress) })
}

// todo is this node's part of the requests.
func (r *runner) todo() todo {
	n := r.spec.Prompts
	t := todo{part: r.part, count: r.part.share(n), any: r.ratio() > 0, limit: r.spec.Duration.Std()}
	if t.any && r.ratio() < 1 {
		t.structured = make([]bool, n)
		for _, i := range suite.Rand(r.req.Seed, "structured").Perm(n)[:int(r.ratio()*float64(n))] {
			t.structured[i] = true
		}
	}
	t.schedule = schedule(r.spec, r.data, suite.Rand(r.req.Seed, "arrivals"))
	if t.schedule != nil && t.of > 1 {
		own := make([]time.Duration, t.count)
		for k := range own {
			own[k] = t.schedule[t.at+k*t.of]
		}
		t.schedule = own
	}
	return t
}

// send prepares the first requests and sends all. When everything is ready, begin returns the time to start (0: now).
func (r *runner) send(ctx context.Context, b *book, begin func(context.Context) (time.Duration, error)) error {
	r.progress("preparing the requests")
	t := r.todo()
	r.open = t.schedule != nil
	drive, closeDriver, err := r.driver(ctx, t, b)
	if err != nil {
		return err
	}
	defer closeDriver()
	runtime.GC() // a collection now is one less in the window
	start, err := begin(ctx)
	if err != nil {
		return err
	}
	stop := r.report(b, t)
	if r.part.at == 0 { // only the first node reads the server's metrics
		r.startWatching(ctx)
	}
	if err := r.head(b); err != nil {
		return err
	}
	watching := selfwatch.Start
	if r.client.threads > 0 { // they have stall clocks
		watching = selfwatch.StartCounting
	}
	follow := r.digest.follow()
	watch := watching(r.client.threads)
	threads, err := drive(ctx, start)
	report := watch.Stop()
	report.Without(follow())
	report.Threads(threads)
	r.self = append(r.self, report)
	stop()
	if err == nil {
		err = ctx.Err() // the run was stopped while the last answers were read
	}
	return err
}

// report writes the progress once a second until stop is called.
func (r *runner) report(b *book, t todo) (stop func()) {
	where := ""
	if r.part.of > 1 {
		where = fmt.Sprintf(" of this node, one of %d", r.part.of)
	}
	began := time.Now()
	write := func() {
		if t.limit > 0 {
			r.progress(fmt.Sprintf("%d requests%s, %s of %s", b.len(), where, time.Since(began).Round(time.Second), t.limit))
			return
		}
		r.progress(fmt.Sprintf("%d of %d requests%s", b.len(), t.count, where))
	}
	tick, quit, ended := time.NewTicker(time.Second), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-tick.C:
				b.save()
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
