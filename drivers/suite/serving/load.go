package serving

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"assay/drivers/suite"
)

// sample is one request of the run.
type sample struct {
	outcome
	index      int
	structured bool
	due        time.Duration // when the schedule wanted it; equal to free without a schedule
	free       time.Duration // when it was its turn: due, or later if the concurrency bound held it back until an answer made room
}

// lateness is the client's own delay: from when the request could go to when it went, without the time to connect.
func (s *sample) lateness() time.Duration { return max(0, s.sent-s.connect-max(s.due, s.free)) }

// pace is when requests go.
type pace struct {
	start    time.Duration   // the first can go then; 0: now
	schedule []time.Duration // times after the start; nil: a closed loop
	bound    int             // on requests in flight; 0: no bound
	limit    time.Duration   // after so long no further request begins; 0: all are sent
}

// open reports whether a request can begin now.
func (p pace) open(now time.Duration) bool { return p.limit == 0 || now < p.start+p.limit }

// requests are the samples of a load: n of them, the k-th of which at returns once.
type requests struct {
	n  int
	at func(k int) *sample
}

// load sends all requests and waits for them. Send fills in the sample that it is given, the k-th.
//
// Without a schedule it is a closed loop: bound workers, each sending its next request when the last has ended
// (bound 0: everything at once). With one it is an open loop: each request goes at its time, whether or not the others
// have ended, or, with a bound, as soon after that as a slot is free.
//
// It fails when ctx ends before everything was sent, or when the kernel gives no timer.
func load(ctx context.Context, all requests, p pace, now func() time.Duration, send func(k int, s *sample)) error {
	timer, err := suite.NewPacer()
	if err != nil {
		return err
	}
	defer timer.Close()
	if p.start == 0 {
		p.start = now()
	}
	if p.schedule != nil {
		return openLoop(ctx, all, p, timer, now, send)
	}
	if err := pauseUntil(ctx, timer, p.start, now); err != nil {
		return err
	}
	closedLoop(ctx, all, p, now, send)
	return ctx.Err()
}

// pauseUntil waits for a time on the run's clock, or for the end of ctx.
func pauseUntil(ctx context.Context, timer *suite.Pacer, at time.Duration, now func() time.Duration) error {
	for wait := at - now(); wait > 0; wait = at - now() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := timer.Pause(min(wait, 50*time.Millisecond)); err != nil {
			return err
		}
	}
	return nil
}

func closedLoop(ctx context.Context, all requests, p pace, now func() time.Duration, send func(int, *sample)) {
	workers := all.n
	if p.bound > 0 {
		workers = min(p.bound, workers)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range workers {
		wg.Go(func() {
			<-start
			for free := now(); ctx.Err() == nil && p.open(now()); {
				k := int(next.Add(1)) - 1
				if k >= all.n {
					return
				}
				s := all.at(k)
				s.due, s.free = free, free
				send(k, s)
				free = s.ended // the slot is empty since then
			}
		})
	}
	close(start)
	wg.Wait()
}

func openLoop(ctx context.Context, all requests, p pace, timer *suite.Pacer, now func() time.Duration, send func(int, *sample)) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	var slots chan struct{}
	if p.bound > 0 {
		slots = make(chan struct{}, p.bound)
	}
	var heldUntil time.Duration // when the bound last held back a request until
	for k := range all.n {
		s := all.at(k)
		s.due = p.start + p.schedule[k]
		if err := pauseUntil(ctx, timer, s.due, now); err != nil {
			return err
		}
		if slots != nil && !acquire(ctx, slots, &heldUntil, now) {
			return ctx.Err()
		}
		if !p.open(s.due) {
			return nil
		}
		s.free = max(s.due, heldUntil)
		wg.Go(func() {
			send(k, s)
			if slots != nil {
				<-slots
			}
		})
	}
	return ctx.Err()
}

// acquire takes a slot. If it had to wait for one, it sets heldUntil to the end of the wait. False when ctx ended.
func acquire(ctx context.Context, slots chan struct{}, heldUntil *time.Duration, now func() time.Duration) bool {
	select {
	case slots <- struct{}{}:
		return true
	default:
	}
	select {
	case slots <- struct{}{}:
		*heldUntil = now()
		return true
	case <-ctx.Done():
		return false
	}
}
