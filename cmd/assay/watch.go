package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers/source"
	"assay/reconciler/store"
)

// delivery is what a followed source delivers: files that may be wrong, or why they could not be read.
type delivery struct {
	in  source.Input
	err error
}

func watchCmd(a *app) *cobra.Command {
	var paths []string
	var prune bool
	var poll time.Duration
	c := &cobra.Command{
		Use:   "watch -f FILE|FOLDER",
		Short: "Apply a manifest, and apply it again whenever it is edited",
		Long: `watch applies the manifest and follows it until interrupted. An edit that is not valid changes nothing: the mistake is
printed with its line, and the last good revision stays. An experiment that leaves a followed folder is deleted only with --prune.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if len(paths) == 0 {
				return exitError{exitUsage, errors.New("no manifest given; type: assay watch -f FILE")}
			}
			return a.followSource(c.Context(), "watch", prune, func(ctx context.Context, out chan<- delivery) error {
				return source.Watch(ctx, paths, poll, func(in source.Input, err error) {
					in.Origin.Source = "watch"
					send(ctx, out, delivery{in, err})
				})
			})
		},
	}
	f := c.Flags()
	f.StringSliceVarP(&paths, "filename", "f", nil, "file or folder to follow")
	f.BoolVar(&prune, "prune", false, "allow removing everything, and delete experiments that leave the folder")
	f.DurationVar(&poll, "poll", 2*time.Second, "how often the content is compared: shared file systems deliver no events across nodes")
	return c
}

func send(ctx context.Context, out chan<- delivery, d delivery) {
	select {
	case out <- d:
	case <-ctx.Done():
	}
}

// followSource accepts what the source delivers, for as long as ctx lasts, and keeps the loop running meanwhile.
func (a *app) followSource(ctx context.Context, what string, prune bool, deliver func(context.Context, chan<- delivery) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deliveries := make(chan delivery)
	go func() { cancel(deliver(ctx, deliveries)) }()
	f := &followed{a: a, what: what, prune: prune, said: map[string]bool{}}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case d := <-deliveries:
			if !f.accept(d) {
				continue
			}
			return a.withLoopOrController(ctx, f.store, f.site, what, func(ctx context.Context) error {
				return f.run(ctx, deliveries)
			})
		}
	}
}

// followed is a source whose site is known from its first good delivery on.
type followed struct {
	a     *app
	what  string
	prune bool
	site  v1alpha1.Site
	store *store.Store
	want  []wanted
	said  map[string]bool
}

// run goes on accepting and prints what becomes of it.
func (f *followed) run(ctx context.Context, deliveries <-chan delivery) error {
	d := newDisplay(f.a)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case next := <-deliveries:
			d.close()
			f.accept(next)
		case <-tick.C:
			all, err := statuses(f.store, f.want)
			if err != nil {
				return err
			}
			d.show(all)
		}
	}
}

// accept stores one delivery. It reports whether it was good; a bad one is said and changes nothing.
func (f *followed) accept(d delivery) bool {
	if d.err != nil {
		f.a.say("%s: %v; the last good revision stays", f.what, d.err)
		return false
	}
	m, site, err := f.a.load(d.in)
	if err != nil {
		f.a.say("%s: not applied, the last good revision stays:\n%v", f.what, err)
		return false
	}
	if f.store == nil {
		if f.store, f.site, err = f.a.open(site); err != nil {
			f.a.say("%s: %v", f.what, err)
			f.store = nil
			return false
		}
	} else if site.Metadata.Name != f.site.Metadata.Name {
		f.a.say("%s: not applied: it now names site %s, but %s is being served; start another %s for it", f.what, site.Metadata.Name, f.site.Metadata.Name, f.what)
		return false
	}
	want, err := f.a.accept(f.store, f.site, m, d.in, f.prune)
	if err != nil {
		f.a.say("%s: %v", f.what, err)
	}
	f.want = want
	if err := f.gone(m, d.in); err != nil {
		f.a.say("%s: %v", f.what, err)
	}
	return len(want) > 0
}

// gone deals with experiments of this source that it no longer holds: deleted with --prune, said to be OutOfSync otherwise.
func (f *followed) gone(m v1alpha1.Manifest, in source.Input) error {
	heads, err := f.store.Heads()
	if err != nil {
		return err
	}
	here := map[string]bool{}
	for _, e := range m.Experiments {
		here[e.Metadata.Name] = true
	}
	for _, h := range heads {
		if h.Owner != owner(in) || here[h.Experiment] || h.Deleting {
			continue
		}
		if !f.prune {
			if !f.said[h.Experiment] {
				f.a.say("experiment/%s OutOfSync: %s no longer holds it; it stays up until: assay delete experiment %s, or %s with --prune", h.Experiment, in.Origin.Path, h.Experiment, f.what)
				f.said[h.Experiment] = true
			}
			continue
		}
		h.Deleting, h.Prune, h.Origin = true, true, in.Origin
		if _, _, err := f.store.Accept(h); err != nil {
			return err
		}
		fmt.Fprintf(f.a.out, "experiment/%s deleting\n", h.Experiment)
	}
	return nil
}
