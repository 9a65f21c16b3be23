package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/source"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/live"
)

// retryEvery is how often a delivery is taken again that could not be stored.
const retryEvery = 5 * time.Second

// delivery is what a followed source delivers: files, which can be invalid, or why they could not be read.
type delivery struct {
	in   source.Input
	err  error
	note string // a sentence for the user instead
}

func send(ctx context.Context, out chan<- delivery, d delivery) {
	select {
	case out <- d:
	case <-ctx.Done():
	}
}

// followSource accepts what a source delivers until ctx ends, and keeps the loop running from the first delivery on that
// there are experiments to look after: it was good, or an earlier one was.
func (a *app) followSource(ctx context.Context, f *follower, deliver func(context.Context, chan<- delivery) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deliveries := make(chan delivery)
	go func() { cancel(deliver(ctx, deliveries)) }()
	retry := time.NewTicker(retryEvery)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case d := <-deliveries:
			f.accept(d)
		case <-retry.C:
			f.retry()
		}
		if len(f.revs) > 0 {
			return a.withLoopOrController(ctx, f.store, f.site, f.verb, func(ctx context.Context) error {
				return f.run(ctx, deliveries)
			})
		}
	}
}

// follower follows a source, whose site is known from its first good delivery on.
type follower struct {
	a        *app
	verb     string // names the holder of the lease
	prune    bool
	adopt    bool
	budget   *v1alpha1.Budget
	holds    func(commit string) bool // of the followed repository; nil for files
	reported map[string]bool          // experiments that were reported as OutOfSync
	results  *publisher

	mu      sync.Mutex // accept and removes are called from two goroutines
	site    v1alpha1.Site
	store   *store.Store
	revs    []store.Revision // of the last delivery
	gone    []string         // experiments that the source no longer holds
	refused []string         // experiments that are there, and were left as they are
	good    bool             // the last delivery could be applied
	again   *delivery        // the last delivery, when it could not be stored
	said    string           // the error of again
}

// run goes on accepting and prints what becomes of it.
func (f *follower) run(ctx context.Context, deliveries <-chan delivery) error {
	display := live.New(f.a.err, f.a.out)
	defer display.Close()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	retry := time.NewTicker(retryEvery)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case d := <-deliveries:
			display.Pause()
			f.accept(d)
		case <-retry.C:
			if f.again != nil {
				display.Pause()
				f.retry()
			}
		case <-tick.C:
			all, err := view.StatusesOf(f.store, f.revs, 0)
			if err != nil {
				return err
			}
			show(display, all, f.revs)
			f.results.settled(ctx, f.store, f.site, f.revs, all)
		}
	}
}

// open opens the store of the first delivery's site. Later deliveries have to be for the same one.
func (f *follower) open(site v1alpha1.Site) error {
	if f.store == nil {
		st, site, err := f.a.open(site)
		if err == nil {
			f.store, f.site = st, site
		}
		return err
	}
	if site.Metadata.Name != f.site.Metadata.Name {
		return fmt.Errorf("not applied: it now names site %s, but %s is being served; start another %s for it", site.Metadata.Name, f.site.Metadata.Name, f.verb)
	}
	return nil
}

// resume finds the experiments that this source brought earlier, when it cannot be read from the start: they are looked
// after like those of a good delivery.
func (f *follower) resume(o drivers.Origin) {
	if f.store != nil || o.Path == "" {
		return
	}
	st, site, err := f.a.current()
	if err != nil {
		return // the source's own problem is being reported
	}
	b := f.a.batch(st, site, o, false)
	b.Holds = f.holds
	if heads, err := b.Gone(nil); err == nil && len(heads) > 0 {
		f.store, f.site, f.revs = st, site, heads
	}
}
