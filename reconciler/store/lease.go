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

	"assay/drivers/durable"
	"assay/drivers/procid"
)

// ErrLeaseLost means that another controller holds a higher epoch: no effect is allowed any more.
var ErrLeaseLost = errors.New("the lease was taken over by another controller")

// keepLeases is how many epochs stay on record.
const keepLeases = 5

// Lease is the right to act on a state directory, for as long as no higher epoch exists.
type Lease struct {
	s        *Store
	runs     *ledger
	released atomic.Bool
	journal  journal

	mu sync.Mutex
	me Holder
}

// Acquire takes the lease if it is free, was released, or its holder is gone. Of a process that cannot be seen from here
// that shows when its heartbeat stands still for ttl, by our own clock. Otherwise it returns a *HeldError; with a ttl of
// 0 without waiting. ctx bounds the wait.
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
			continue // another process was faster: see which one
		}
		if trouble := durable.Trouble(s.dir, err); trouble != "" {
			return nil, fmt.Errorf("taking the lease: %s (%w)", trouble, err)
		}
		if err != nil {
			return nil, fmt.Errorf("taking the lease: %w", err)
		}
		return l, nil
	}
}

// take makes the epoch after last this process's own.
func (s *Store) take(what string, last Holder) (*Lease, error) {
	l := &Lease{s: s, me: self(what, last.Epoch+1)}
	l.me.Dir, l.runs = s.inodes.Dir, newLedger(s, l)
	if err := s.fs.CreateRecord(s.leasePath(l.me.Epoch), l.me, nil); err != nil {
		return nil, err
	}
	if err := l.Check(); err != nil { // the number was free only because its file is so old that it is gone
		return nil, err
	}
	if err := s.same(); err != nil {
		return nil, errors.Join(err, l.Release())
	}
	s.dropOldLeases(l.me.Epoch)
	if last.Epoch > 0 && !last.Released { // it was killed, perhaps while it wrote
		s.sweep()
	}
	return l, nil
}

// sweep covers only what the store writes: other folders here hold the data of services.
func (s *Store) sweep() {
	s.fs.Sweep(s.dir, 0)
	for _, sub := range folders {
		s.fs.Sweep(filepath.Join(s.dir, sub), 3) // as deep as jobs/<experiment>/<seat>/<nonce>
	}
}

// awaitDeath returns nil when the holder is gone or has released the lease, and a *HeldError when it lives.
func (s *Store) awaitDeath(ctx context.Context, h Holder, ttl time.Duration) error {
	switch state := h.State(); {
	case state == procid.Gone && h.Torn == "":
		return nil
	case state == procid.Alive && h.Torn == "" || ttl <= 0:
		return &HeldError{h}
	}
	end := time.Now().Add(ttl)
	check := time.NewTicker(max(ttl/20, 10*time.Millisecond))
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return &HeldError{h}
			}
			return ctx.Err()
		case <-check.C:
		}
		last := time.Now().After(end) // before the lease is read, so that the last reading is a whole ttl after the first
		now, err := s.newest()
		switch {
		case err != nil:
			return fmt.Errorf("taking the lease: %w", err)
		case now.Epoch == h.Epoch && now.Released:
			return nil
		case now.Epoch == h.Epoch && h.Torn != "" && now.Torn == "" && now.State() == procid.Gone:
			return nil
		case now.Epoch != h.Epoch || now.Heartbeat != h.Heartbeat || now.Torn != h.Torn:
			return &HeldError{now}
		case last:
			return nil
		}
	}
}

func (s *Store) dropOldLeases(now int64) {
	epochs, _ := s.epochs() // what cannot be listed now is removed later
	for _, e := range epochs {
		if e <= now-keepLeases {
			_ = s.fs.Remove(s.leasePath(e))
		}
	}
}

// Epoch is the number of the lease. A higher one ends it.
func (l *Lease) Epoch() int64 { return l.me.Epoch }

// Check returns ErrLeaseLost when a higher epoch exists or the lease was released, and another error when that cannot be
// read. It is called before every effect.
func (l *Lease) Check() error {
	epochs, err := l.s.epochs()
	if err != nil {
		return fmt.Errorf("checking the lease: %w", err)
	}
	var last int64
	if len(epochs) > 0 {
		last = epochs[len(epochs)-1]
	}
	switch {
	case last != l.me.Epoch && l.s.replaced():
		return replacedError{l.s.dir}
	case l.released.Load() || last > l.me.Epoch:
		return ErrLeaseLost
	case last < l.me.Epoch:
		return fmt.Errorf("checking the lease: its record %s is not there: the state directory is not mounted, or was emptied", l.s.leasePath(l.me.Epoch))
	}
	return nil
}

// Renew counts the heartbeat up. It returns ErrLeaseLost when another process has the lease, and another error when the
// state directory takes no writes: then the lease is still this process's own for as long as no higher epoch exists.
func (l *Lease) Renew() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Check(); err != nil {
		return err
	}
	var now Holder
	if err := durable.ReadRecord(l.s.leasePath(l.me.Epoch), &now); err == nil && (now.ID != l.me.ID || now.Released) {
		return ErrLeaseLost // the directory was emptied meanwhile, and another process began to count anew
	}
	l.me.Heartbeat++
	if err := l.s.fs.ReplaceRecord(l.s.leasePath(l.me.Epoch), l.me, l.Check); err != nil {
		return fmt.Errorf("renewing the lease: %w", err)
	}
	return nil
}

// Release gives the lease back, so that the next holder need not wait. Releasing a lease that was lost is not an error.
func (l *Lease) Release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Check(); errors.Is(err, ErrLeaseLost) {
		return nil
	}
	l.released.Store(true) // before another holder can act
	l.me.Released = true
	if err := l.s.fs.ReplaceRecord(l.s.leasePath(l.me.Epoch), l.me, nil); err != nil {
		return fmt.Errorf("releasing the lease: %w", err)
	}
	return nil
}

// replace and create write files that only the lease's holder writes. The lease is checked last, just before the file
// gets its name, so that a holder that was paused while it wrote changes nothing.
// replace and create write a record, without secrets in what others said.
func (l *Lease) replace(path string, v any) error {
	v, err := l.s.hide(v)
	if err != nil {
		return err
	}
	return l.s.fs.ReplaceRecord(path, v, l.Check)
}

func (l *Lease) create(path string, v any) error {
	v, err := l.s.hide(v)
	if err != nil {
		return err
	}
	return l.s.fs.CreateRecord(path, v, l.Check)
}

// rename moves a file of the state directory.
func (l *Lease) rename(from, to string) error {
	if err := l.Check(); err != nil {
		return err
	}
	return l.s.fs.Move(from, to)
}
