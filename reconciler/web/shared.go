package web

import (
	"context"
	"errors"
	"sync"
	"time"
)

// waitMost is how long an answer waits for an observation; view.Reader bounds its own to 2 seconds.
const waitMost = 4 * time.Second

// errSlow is what is said when nothing was observed within waitMost.
var errSlow = errors.New("the state directory could not be read in time; try again")

// shared is something that is slow to find out. All who ask within a time get the same answer, and while a newer one is found out
// each waits for that.
type shared[T any] struct {
	ctx   context.Context
	fresh time.Duration
	stale time.Duration // an answer that is younger is given at once, while a newer one is found out
	read  func(context.Context) (T, error)

	mu      sync.Mutex
	at      time.Time
	value   T
	err     error
	pending chan struct{}
}

func newShared[T any](ctx context.Context, fresh time.Duration, read func(context.Context) (T, error)) *shared[T] {
	return &shared[T]{ctx: ctx, fresh: fresh, read: read}
}

// get is the newest answer. It is found out in the name of all who wait, so that none who goes away spoils it for others.
func (s *shared[T]) get(ctx context.Context) (T, error) {
	s.mu.Lock()
	if s.pending == nil && time.Since(s.at) > s.fresh {
		s.pending = make(chan struct{})
		go s.find(s.pending)
	}
	pending := s.pending
	if time.Since(s.at) < s.stale && s.err == nil {
		pending = nil
	}
	s.mu.Unlock()
	if pending != nil {
		timer := time.NewTimer(waitMost)
		defer timer.Stop()
		select {
		case <-pending:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		case <-timer.C:
			var none T
			return none, errSlow
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value, s.err
}

func (s *shared[T]) find(done chan struct{}) {
	value, err := s.read(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.value, s.err, s.at, s.pending = value, err, time.Now(), nil
	close(done)
}

// forget makes the next answer a new one.
func (s *shared[T]) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Time{}
}
