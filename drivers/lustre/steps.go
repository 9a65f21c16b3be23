package lustre

import (
	"context"
	"errors"
	"sync"
)

// steps runs calls that can hang. A caller waits as long as its context; a step that is still going is joined, so that a
// dead file system holds one goroutine for each path and not one for each call.
type steps struct {
	mu    sync.Mutex
	going map[string]*step
}

type step struct {
	what  string
	done  chan struct{}
	value any
	err   error
}

// do runs the work unless the same is going for this key; what tells different work on one thing apart, which does not mix.
func (s *steps) do(ctx context.Context, key, what string, work func() (any, error)) (any, error) {
	s.mu.Lock()
	st := s.going[key]
	if st == nil {
		if s.going == nil {
			s.going = map[string]*step{}
		}
		st = &step{what: what, done: make(chan struct{})}
		s.going[key] = st
		go func() {
			st.value, st.err = work()
			s.mu.Lock()
			delete(s.going, key)
			s.mu.Unlock()
			close(st.done)
		}()
	}
	s.mu.Unlock()
	if st.what != what {
		return nil, errors.New("an earlier step on it has not returned yet; try again later")
	}
	select {
	case <-st.done:
		return st.value, st.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
