package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/reconciler/resident"
	"assay/reconciler/store"
	"assay/reconciler/view"
)

const (
	leaseTTL      = 30 * time.Second
	takeOverEvery = time.Second // how often a command that follows another one tries to get the lease
)

// withLoop takes the lease in the name of a verb, runs the loop while body runs, and gives the lease back. Exit code 5
// when it is held.
func (a *app) withLoop(ctx context.Context, st *store.Store, site v1alpha1.Site, verb string, body func(context.Context, *runner) error, health ...*resident.Health) (err error) {
	lease, err := st.Acquire(ctx, verb, leaseTTL)
	if held, ok := errors.AsType[*store.HeldError](err); ok {
		return exitError{exitLeaseHeld, held}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lease.Release()) }()
	r, err := a.newLoop(st, site, lease)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for _, h := range health {
		h.Holds(true)
		r.Passed = h.Passed
		defer h.Holds(false)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil && ctx.Err() == nil {
			cancel(err)
		}
	}()
	err = body(ctx, r)
	cancel(nil)
	<-done
	return err
}

// goesOn tells who interrupts a command what goes on, and who looks after it.
func (a *app) goesOn(st *store.Store) {
	all, err := st.Statuses()
	if err != nil {
		a.note("reading the status: %v", err)
	}
	holder, holds, err := st.Holder()
	if err != nil {
		a.note("reading the lease: %v", err)
	}
	a.note("\n%s", strings.Join(view.GoesOn(all, holder, holds), "\n"))
}

// withLoopOrController runs body while a loop runs: our own when the lease is free, else that of the controller that
// holds it. If that controller goes away while body waits, our own takes over.
func (a *app) withLoopOrController(ctx context.Context, st *store.Store, site v1alpha1.Site, verb string, body func(context.Context) error) error {
	defer func(outer context.Context) {
		if outer.Err() != nil {
			a.goesOn(st)
		}
	}(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var result error
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		result = body(ctx)
	}()
	untilFinished := func(ctx context.Context, _ *runner) error {
		select {
		case <-finished:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	announced := false
	for {
		err := a.withLoop(ctx, st, site, verb, untilFinished)
		held, ok := errors.AsType[*store.HeldError](err)
		if !ok {
			failed := err != nil && ctx.Err() == nil
			cancel(err) // body cannot succeed without a loop
			<-finished
			if failed {
				return err
			}
			return result
		}
		if !announced {
			a.note("%s (pid %d on %s) holds the lease and does the work; following it.", held.Holder.What, held.Holder.PID, held.Holder.Host)
			announced = true
		}
		select {
		case <-finished:
			return result
		case <-time.After(takeOverEvery):
		}
	}
}
