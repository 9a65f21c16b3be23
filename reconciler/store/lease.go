package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrLeaseLost means that somebody holds a higher epoch: nothing may be done any more.
var ErrLeaseLost = errors.New("the lease was taken over by another controller")

// Holder is who holds, or held, the lease.
type Holder struct {
	Host     string `json:"host"`
	PID      int    `json:"pid"`
	Start    string `json:"start"` // start time of the process, to tell a reused pid
	User     string `json:"user"`
	What     string `json:"what"` // apply, watch, sync, controller …
	Epoch    int64  `json:"epoch"`
	Beat     uint64 `json:"beat"` // counts up while the holder lives; clocks of other machines are not trusted
	Released bool   `json:"released,omitempty"`
}

// HeldError means that somebody alive holds the lease.
type HeldError struct{ Holder Holder }

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s (pid %d of %s on %s) holds the lease of this state directory; wait for it, or stop it", e.Holder.What, e.Holder.PID, e.Holder.User, e.Holder.Host)
}

// Lease is the right to act on a state directory, for as long as nobody holds a higher epoch.
type Lease struct {
	s  *Store
	mu sync.Mutex
	me Holder
}

// Acquire takes the lease if it is free, was released, or its holder is dead: on this host that shows at once,
// elsewhere when its beat stands still for ttl. Otherwise it returns a *HeldError.
func (s *Store) Acquire(ctx context.Context, what string, ttl time.Duration) (*Lease, error) {
	last, err := s.newest()
	if err != nil {
		return nil, err
	}
	if last.Epoch > 0 && !last.Released {
		if err := s.presumeDead(ctx, last, ttl); err != nil {
			return nil, err
		}
	}
	me := self(what, last.Epoch+1)
	err = s.fs.create(s.leasePath(me.Epoch), me)
	if errors.Is(err, fs.ErrExist) {
		now, err := s.newest()
		if err != nil {
			return nil, err
		}
		return nil, &HeldError{now}
	}
	if err != nil {
		return nil, fmt.Errorf("taking the lease: %w", err)
	}
	l := &Lease{s: s, me: me}
	s.dropOldLeases(me.Epoch)
	return l, l.Check()
}

// presumeDead returns nil when the holder is dead, and a *HeldError when it lives.
func (s *Store) presumeDead(ctx context.Context, h Holder, ttl time.Duration) error {
	if host, _ := os.Hostname(); h.Host == host {
		if alive(h) {
			return &HeldError{h}
		}
		return nil
	}
	deadline := time.NewTimer(ttl)
	defer deadline.Stop()
	look := time.NewTicker(max(ttl/20, 10*time.Millisecond))
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return nil
		case <-look.C:
			now, err := s.newest()
			if err != nil {
				return err
			}
			if now.Released && now.Epoch == h.Epoch {
				return nil
			}
			if now.Epoch != h.Epoch || now.Beat != h.Beat {
				return &HeldError{now}
			}
		}
	}
}

// Holder returns who holds the lease, and whether that one lives as far as one look can tell.
func (s *Store) Holder() (Holder, bool, error) {
	h, err := s.newest()
	if err != nil || h.Epoch == 0 || h.Released {
		return h, false, err
	}
	if host, _ := os.Hostname(); h.Host == host {
		return h, alive(h), nil
	}
	return h, true, nil
}

func self(what string, epoch int64) Holder {
	host, _ := os.Hostname()
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return Holder{Host: host, PID: os.Getpid(), Start: startTime(os.Getpid()), User: name, What: what, Epoch: epoch}
}

// alive reports whether the holder's process on this host still is that process.
func alive(h Holder) bool {
	err := syscall.Kill(h.PID, 0)
	return (err == nil || errors.Is(err, syscall.EPERM)) && startTime(h.PID) == h.Start
}

// startTime is field 22 of /proc/PID/stat, in clock ticks since boot; empty for a process that is gone or a zombie.
func startTime(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b[strings.LastIndexByte(string(b), ')')+1:]), " ")
	f := strings.Fields(rest)
	if len(f) < 20 || f[0] == "Z" {
		return ""
	}
	return f[19]
}

func (s *Store) leasePath(epoch int64) string {
	return filepath.Join(s.dir, "lease", fmt.Sprintf("%012d.json", epoch))
}

// epochs lists the epochs that there are, in order.
func (s *Store) epochs() ([]int64, error) {
	files, err := names(filepath.Join(s.dir, "lease"))
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, n := range files {
		if e, err := strconv.ParseInt(strings.TrimSuffix(n, ".json"), 10, 64); err == nil {
			out = append(out, e)
		}
	}
	slices.Sort(out)
	return out, nil
}

// newest reads the highest epoch's file; a zero Holder when there is none.
func (s *Store) newest() (Holder, error) {
	var h Holder
	epochs, err := s.epochs()
	if err != nil || len(epochs) == 0 {
		return h, err
	}
	err = read(s.leasePath(epochs[len(epochs)-1]), &h)
	return h, err
}

// dropOldLeases removes all but the last few epochs.
func (s *Store) dropOldLeases(now int64) {
	epochs, _ := s.epochs() // what cannot be listed now is dropped later
	for _, e := range epochs {
		if e < now-4 {
			_ = os.Remove(s.leasePath(e))
		}
	}
}

// Epoch is the lease's number; a higher one ends it.
func (l *Lease) Epoch() int64 { return l.me.Epoch }

// Check returns ErrLeaseLost when a higher epoch exists. It is called before every effect.
func (l *Lease) Check() error {
	epochs, err := l.s.epochs()
	if err != nil {
		return fmt.Errorf("checking the lease: %w", err)
	}
	if len(epochs) == 0 || epochs[len(epochs)-1] != l.me.Epoch {
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
	return l.s.fs.replace(l.s.leasePath(l.me.Epoch), l.me)
}

// Release gives the lease back; the next one need not wait.
func (l *Lease) Release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Check(); errors.Is(err, ErrLeaseLost) {
		return nil
	} else if err != nil {
		return err
	}
	l.me.Released = true
	return l.s.fs.replace(l.s.leasePath(l.me.Epoch), l.me)
}
