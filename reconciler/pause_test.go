package reconciler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"assay/reconciler/store"
)

// TestAFullDiskIsAPause lets a controller run while its state directory takes no writes for 40 s. It does nothing then, says why,
// and goes on by itself (C10).
func TestAFullDiskIsAPause(t *testing.T) {
	for _, c := range []struct {
		err  syscall.Errno
		says string
	}{
		{syscall.ENOSPC, "no space is left"}, {syscall.EROFS, "mounted read-only"}, {syscall.EDQUOT, "quota"},
		{syscall.EIO, "input and output errors"}, {syscall.ESTALE, "stale"}, {syscall.EACCES, "not permitted"},
	} {
		t.Run(c.says, func(t *testing.T) {
			w := calm(t)
			w.settled(t)
			w.slots = 2
			w.apply()
			jobs := len(w.ours("exp"))
			synctest.Test(t, func(t *testing.T) {
				var full atomic.Bool
				full.Store(true)
				log, ended := w.runs(t, func(string) error {
					if full.Load() {
						return c.err
					}
					return nil
				})
				time.Sleep(40 * time.Second)
				if n := len(w.ours("exp")); n != jobs {
					t.Errorf("%d jobs instead of %d while nothing could be written", n, jobs)
				}
				if n := strings.Count(log.String(), "paused:"); n != 1 || !strings.Contains(log.String(), c.says) || !strings.Contains(log.String(), w.dir) {
					t.Errorf("the reason was not told once:\n%s", log)
				}
				full.Store(false)
				time.Sleep(10 * time.Second)
				if n := len(w.ours("exp")); n != jobs+1 {
					t.Errorf("%d jobs instead of %d afterwards:\n%s", n, jobs+1, log)
				}
				if strings.Count(log.String(), "going on:") != 1 {
					t.Errorf("that it goes on was not told once:\n%s", log)
				}
				if err := ended(); err != nil {
					t.Errorf("it ended: %v", err)
				}
			})
			if e := w.noted(t, "StateUnwritable"); !strings.Contains(e.Message, c.says) {
				t.Errorf("the event: %+v", e)
			}
		})
	}
}

// TestTheLeaseIsLostToAnEpochOnly: after a pause a higher epoch ends the controller, with that as the reason.
func TestTheLeaseIsLostToAnEpochOnly(t *testing.T) {
	w := calm(t)
	w.settled(t)
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		_, ended := w.runs(t, func(string) error {
			if full.Load() {
				return syscall.ENOSPC
			}
			return nil
		})
		time.Sleep(5 * time.Second)
		full.Store(true)
		time.Sleep(20 * time.Second)
		w.bury()
		w.acquire(w.open(w.dir)) // another host can write
		time.Sleep(5 * time.Second)
		if err := ended(); !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("it ended with %v", err)
		}
	})
}

// TestOneFileThatTakesNoWritesIsNoPause: what fails only for one experiment keeps no other from going on.
func TestOneFileThatTakesNoWritesIsNoPause(t *testing.T) {
	w := calm(t)
	w.settled(t)
	w.limit, w.slots = 10*time.Hour, 2
	w.apply()
	jobs := len(w.ours("exp"))
	failed := false
	synctest.Test(t, func(t *testing.T) {
		log, ended := w.runs(t, func(call string) error {
			if call == "mkdir" && !failed { // of an intent
				failed = true
				return syscall.EACCES
			}
			return nil
		})
		time.Sleep(10 * time.Second)
		if err := ended(); err != nil || strings.Contains(log.String(), "paused") {
			t.Errorf("%v:\n%s", err, log)
		}
	})
	if !failed || len(w.ours("exp")) != jobs+1 {
		t.Errorf("failed %v; jobs %v", failed, w.ours("exp"))
	}
}

// runs starts a controller whose writes can fail, within a bubble of time. What it returns ends it.
func (w *sim) runs(t *testing.T, fault func(string) error) (*buffer, func() error) {
	t.Helper()
	w.bury()
	quiet := atomic.Bool{}
	quiet.Store(true)
	s, err := store.Open(w.dir, store.Options{NoSync: true, Fault: func(call string) error {
		if quiet.Load() {
			return nil
		}
		return fault(call)
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.store, w.lease = s, w.acquire(s)
	quiet.Store(false)
	log := &buffer{}
	l := w.loopOver(s, w.lease, w.cluster)
	l.Log = slog.New(slog.NewTextHandler(log, nil))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	go func() {
		for ctx.Err() == nil {
			time.Sleep(time.Second)
			w.cluster.Advance(time.Second)
		}
	}()
	return log, func() error {
		defer time.Sleep(2 * time.Second) // for the clock of the cluster to end
		select {
		case err := <-done:
			cancel()
			return fmt.Errorf("by itself: %w", errors.Join(err, errors.New("it ended")))
		default:
		}
		cancel()
		return <-done
	}
}

// buffer is a log that is read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// noted is the last event of a reason that belongs to no experiment.
func (w *sim) noted(t *testing.T, reason string) (last store.Event) {
	t.Helper()
	events, err := w.store.Events("")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Reason == reason {
			last = e
		}
	}
	return last
}
