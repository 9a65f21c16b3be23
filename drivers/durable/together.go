package durable

import "sync"

// Together lets writers that wait for the same folder at the same time share its fsync. Its zero value is ready to use.
type Together struct {
	turn sync.Mutex // held while a folder is synced

	mu   sync.Mutex
	next map[string]*shared // by folder: who came after the last fsync began
}

// shared is one fsync for several.
type shared struct {
	done chan struct{}
	err  error
}

// sync returns when a call of do for dir has ended that began after sync was called.
func (t *Together) sync(dir string, do func(dir string) error) error {
	t.mu.Lock()
	one, joined := t.next[dir]
	if !joined {
		if t.next == nil {
			t.next = map[string]*shared{}
		}
		one = &shared{done: make(chan struct{})}
		t.next[dir] = one
	}
	t.mu.Unlock()
	if joined {
		<-one.done
		return one.err
	}
	defer close(one.done)
	t.turn.Lock()
	defer t.turn.Unlock()
	t.mu.Lock()
	delete(t.next, dir)
	t.mu.Unlock()
	one.err = do(dir)
	return one.err
}
