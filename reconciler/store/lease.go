package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// ErrLeaseLost means that somebody holds a higher epoch: nothing may be done any more.
var ErrLeaseLost = errors.New("the lease was taken over by another controller")

// keepLeases is how many epochs stay on record.
const keepLeases = 5

// Lease is the right to act on a state directory, for as long as nobody holds a higher epoch.
type Lease struct {
	s        *Store
	released atomic.Bool

	mu sync.Mutex
	me Holder
}

// Acquire takes the lease if it is free, was released, or its holder is dead: on this machine that shows at once,
// elsewhere when its beat stands still for ttl by our own clock. Otherwise it returns a *HeldError; with a ttl of 0 at
// once. ctx bounds the wait.
func (s *Store) Acquire(ctx context.Context, what string, ttl time.Duration) (*Lease, error) {
	for {
		last, err := s.newest()
		if err != nil {
			return nil, fmt.Errorf("taking the lease: %w", err)
		}
		if last.Epoch > 0 && !last.Released {
			if err := s.awaitDeath(ctx, last, ttl); err != nil {
				return nil, err
			}
		}
		l, err := s.take(what, last)
		if errors.Is(err, fs.ErrExist) || errors.Is(err, ErrLeaseLost) {
			continue // somebody was faster: look who
		}
		if err != nil {
			return nil, fmt.Errorf("taking the lease: %w", err)
		}
		return l, nil
	}
}

// take makes the epoch after last ours.
func (s *Store) take(what string, last Holder) (*Lease, error) {
	l := &Lease{s: s, me: self(what, last.Epoch+1)}
	if err := s.fs.CreateRecord(s.leasePath(l.me.Epoch), l.me, nil); err != nil {
		return nil, err
	}
	if err := l.Check(); err != nil { // the number was free only because its file is so old that it is gone
		return nil, err
	}
	s.dropOldLeases(l.me.Epoch)
	if last.Epoch > 0 && !last.Released { // it was killed, maybe while it wrote
		s.sweep()
	}
	return l, nil
}

// sweep looks only where the store writes: other folders here hold the data of services.
func (s *Store) sweep() {
	s.fs.Sweep(s.dir, 0)
	for _, sub := range folders {
		s.fs.Sweep(filepath.Join(s.dir, sub), 3) // as deep as jobs/<experiment>/<seat>/<nonce>
	}
}

// awaitDeath returns nil when the holder is dead or has let go, and a *HeldError when it lives.
func (s *Store) awaitDeath(ctx context.Context, h Holder, ttl time.Duration) error {
	if h.dead() {
		return nil
	}
	if h.Machine == machine() || ttl <= 0 {
		return &HeldError{h}
	}
	end := time.Now().Add(ttl)
	look := time.NewTicker(max(ttl/20, 10*time.Millisecond))
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return &HeldError{h}
			}
			return ctx.Err()
		case <-look.C:
		}
		late := time.Now().After(end) // asked before the look, so that the last look is a whole ttl after the first
		now, err := s.newest()
		switch {
		case err != nil:
			return fmt.Errorf("taking the lease: %w", err)
		case now.Epoch == h.Epoch && now.Released:
			return nil
		case now.Epoch != h.Epoch || now.Beat != h.Beat:
			return &HeldError{now}
		case late:
			return nil
		}
	}
}

func (s *Store) dropOldLeases(now int64) {
	epochs, _ := s.epochs() // what cannot be listed now is dropped later
	for _, e := range epochs {
		if e <= now-keepLeases {
			_ = s.fs.Remove(s.leasePath(e))
		}
	}
}

// Epoch is the lease's number; a higher one ends it.
func (l *Lease) Epoch() int64 { return l.me.Epoch }

// Check returns ErrLeaseLost when a higher epoch exists or the lease was released. It is called before every effect.
func (l *Lease) Check() error {
	epochs, err := l.s.epochs()
	if err != nil {
		return fmt.Errorf("checking the lease: %w", err)
	}
	if l.released.Load() || len(epochs) == 0 || epochs[len(epochs)-1] != l.me.Epoch {
		return ErrLeaseLost
	}
	return nil
}

// Renew shows that the holder lives.
func (l *Lease) Renew() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Check(); err != nil {
		return err
	}
	l.me.Beat++
	if err := l.s.fs.ReplaceRecord(l.s.leasePath(l.me.Epoch), l.me, l.Check); err != nil {
		return fmt.Errorf("renewing the lease: %w", err)
	}
	return nil
}

// Release gives the lease back; the next one need not wait. One that was lost already is no error.
func (l *Lease) Release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Check(); errors.Is(err, ErrLeaseLost) {
		return nil
	}
	l.released.Store(true) // before others may act
	l.me.Released = true
	if err := l.s.fs.ReplaceRecord(l.s.leasePath(l.me.Epoch), l.me, nil); err != nil {
		return fmt.Errorf("releasing the lease: %w", err)
	}
	return nil
}

// replace and create change files that only the lease's holder may: the lease is looked at last, just before the
// file gets its name, so that a holder that was paused while it wrote changes nothing.
func (l *Lease) replace(path string, v any) error { return l.s.fs.ReplaceRecord(path, v, l.Check) }

func (l *Lease) create(path string, v any) error { return l.s.fs.CreateRecord(path, v, l.Check) }

// rename moves a file of the state directory.
func (l *Lease) rename(from, to string) error {
	if err := l.Check(); err != nil {
		return err
	}
	return l.s.fs.Move(from, to)
}
