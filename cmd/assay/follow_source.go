package main

import (
	"context"
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/accept"
	"assay/reconciler/store"
	"assay/reconciler/view"
	"assay/reconciler/view/text"
)

// delivery is what a followed source delivers: files, which can be invalid, or why they could not be read.
type delivery struct {
	in  source.Input
	err error
}

func send(ctx context.Context, out chan<- delivery, d delivery) {
	select {
	case out <- d:
	case <-ctx.Done():
	}
}

// followSource accepts what a source delivers until ctx ends, and keeps the loop running from the first good delivery on.
// The verb names the holder of the lease.
func (a *app) followSource(ctx context.Context, verb string, prune bool, deliver func(context.Context, chan<- delivery) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deliveries := make(chan delivery)
	go func() { cancel(deliver(ctx, deliveries)) }()
	f := &follower{a: a, verb: verb, prune: prune, reported: map[string]bool{}}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case d := <-deliveries:
			if !f.accept(d) {
				continue
			}
			return a.withLoopOrController(ctx, f.store, f.site, verb, func(ctx context.Context) error {
				return f.run(ctx, deliveries)
			})
		}
	}
}

// follower follows a source, whose site is known from its first good delivery on.
type follower struct {
	a        *app
	verb     string
	prune    bool
	site     v1alpha1.Site
	store    *store.Store
	revs     []store.Revision // of the last delivery
	reported map[string]bool  // experiments that were reported as OutOfSync
}

// run goes on accepting and prints what becomes of it.
func (f *follower) run(ctx context.Context, deliveries <-chan delivery) error {
	live := text.NewLive(f.a.err)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case d := <-deliveries:
			live.Close()
			f.accept(d)
		case <-tick.C:
			all, err := view.StatusesOf(f.store, f.revs, 0)
			if err != nil {
				return err
			}
			live.Show(lines(all))
		}
	}
}

// accept stores one delivery and reports whether it was good. A bad one is printed and changes nothing.
func (f *follower) accept(d delivery) bool {
	if d.err != nil {
		f.a.note("%s: %v; the last good revision stays", f.verb, d.err)
		return false
	}
	m, site, err := f.a.load(d.in)
	if err != nil {
		f.a.note("%s: not applied, the last good revision stays:\n%v", f.verb, err)
		return false
	}
	if err := f.open(site); err != nil {
		f.a.note("%s: %v", f.verb, err)
		return false
	}
	b := batch(f.store, f.site, d.in.Origin, f.prune)
	if f.revs, err = f.a.accept(b, m); err != nil {
		f.a.note("%s: %v", f.verb, err)
	}
	if err := f.gone(b, m); err != nil {
		f.a.note("%s: %v", f.verb, err)
	}
	return len(f.revs) > 0
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

// gone deals with experiments of this source that it no longer holds: with --prune they are deleted, else reported as
// OutOfSync, once.
func (f *follower) gone(b accept.Batch, m v1alpha1.Manifest) error {
	heads, err := b.Gone(m.Experiments)
	if err != nil {
		return err
	}
	for _, h := range heads {
		name := h.Experiment
		if f.prune {
			if err := b.Delete(h); err != nil {
				return err
			}
			fmt.Fprintf(f.a.out, "experiment/%s deleting\n", name)
			continue
		}
		if !f.reported[name] {
			f.reported[name] = true
			f.a.note("experiment/%s OutOfSync: %s no longer holds it; it stays up until: assay delete experiment %s, or %s with --prune", name, b.Origin.Path, name, f.verb)
		}
	}
	return nil
}
