package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"

	"github.com/google/go-cmp/cmp"
)

// rewrite changes the newest lease file, as its holder, or a holder elsewhere, would have written it.
func rewrite(t *testing.T, s *Store, change func(*Holder)) {
	t.Helper()
	h, err := s.newest()
	check(t, err)
	change(&h)
	check(t, durable.Writer{NoSync: true}.ReplaceRecord(s.leasePath(h.Epoch), h, nil))
}

// kill makes the holder look as if its process were gone.
func kill(t *testing.T, s *Store) {
	t.Helper()
	rewrite(t, s, func(h *Holder) { h.Start = "another process has this pid now" })
}

func elsewhere(h *Holder) { h.Host, h.Machine, h.Boot = "far", "far", "far" }

func TestOneOfManyWinsAnEpoch(t *testing.T) {
	s := open(t, t.TempDir())
	var won, held sync.Map
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			l, err := s.Acquire(t.Context(), "race", 0)
			var h *HeldError
			switch {
			case err == nil:
				won.Store(l.Epoch(), i)
			case errors.As(err, &h) && h.Holder.Epoch == 1:
				held.Store(i, true)
			default:
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	all.Wait()
	if w, h := size(&won), size(&held); w != 1 || h != 19 {
		t.Errorf("%d won and %d found it held, want 1 and 19", w, h)
	}
}

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}

func TestADeadOrGoneHolderIsReplacedAtOnce(t *testing.T) {
	s := open(t, t.TempDir())
	first := acquire(t, s)
	_, err := s.Acquire(t.Context(), "second", time.Hour)
	var held *HeldError
	if !errors.As(err, &held) || held.Holder.PID != os.Getpid() || !strings.Contains(err.Error(), fmt.Sprintf("kill %d", os.Getpid())) {
		t.Fatalf("a living holder: %v", err)
	}
	if h, alive, err := s.Holder(); err != nil || !alive || h.What != "test" || h.Epoch != 1 {
		t.Errorf("holder %+v, alive %v, %v", h, alive, err)
	}
	kill(t, s)
	if _, alive, err := s.Holder(); err != nil || alive {
		t.Errorf("a dead holder: alive %v, %v", alive, err)
	}
	second := acquire(t, s)
	if second.Epoch() != 2 || !errors.Is(first.Check(), ErrLeaseLost) || !errors.Is(first.Renew(), ErrLeaseLost) {
		t.Errorf("epoch %d; the first one's check: %v", second.Epoch(), first.Check())
	}
	check(t, first.Release()) // lost already: nothing to give back
	check(t, second.Check())
	check(t, second.Release())
	if err := second.Check(); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("a released lease still holds: %v", err)
	}
	for i := range 10 {
		l := acquire(t, s)
		if l.Epoch() != int64(i+3) {
			t.Errorf("epoch %d, want %d", l.Epoch(), i+3)
		}
		check(t, l.Release())
	}
	if left, err := s.epochs(); err != nil || len(left) != keepLeases {
		t.Errorf("epochs on record: %v %v", left, err)
	}
}

func TestAHolderElsewhereIsWatchedByItsBeat(t *testing.T) {
	const ttl = 30 * time.Second
	for name, test := range map[string]struct {
		ttl       time.Duration
		ctx       time.Duration
		meanwhile func(t *testing.T, s *Store)
		held      bool
		after     time.Duration // at the earliest
	}{
		"stands still": {ttl: ttl, ctx: time.Hour, after: ttl},
		"no wait":      {ttl: 0, ctx: time.Hour, held: true},
		"lives":        {ttl: ttl, ctx: time.Hour, held: true, meanwhile: func(t *testing.T, s *Store) { rewrite(t, s, func(h *Holder) { h.Heartbeat++ }) }},
		"lets go":      {ttl: ttl, ctx: time.Hour, meanwhile: func(t *testing.T, s *Store) { rewrite(t, s, func(h *Holder) { h.Released = true }) }},
		"wait is over": {ttl: ttl, ctx: 5 * time.Second, held: true, after: 5 * time.Second},
		"beats at the last second": {ttl: ttl, ctx: time.Hour, held: true, after: ttl - 2*time.Second, meanwhile: func(t *testing.T, s *Store) {
			time.Sleep(ttl - 2*time.Second)
			rewrite(t, s, func(h *Holder) { h.Heartbeat++ })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			acquire(t, s)
			rewrite(t, s, elsewhere)
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.ctx)
				defer cancel()
				if test.meanwhile != nil {
					go func() {
						time.Sleep(time.Second)
						test.meanwhile(t, s)
					}()
				}
				begun := time.Now()
				_, err := s.Acquire(ctx, "second", test.ttl)
				var held *HeldError
				if errors.As(err, &held) != test.held || !test.held && err != nil {
					t.Errorf("error %v, held should be %v", err, test.held)
				}
				if waited := time.Since(begun); waited < test.after || waited > ttl+5*time.Second {
					t.Errorf("waited %s", waited)
				}
			})
		})
	}
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	s := open(t, t.TempDir())
	acquire(t, s)
	rewrite(t, s, elsewhere)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Acquire(ctx, "second", time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// writers are all that needs the lease.
func writers(l *Lease, a plan.Attempt, r plan.Run) map[string]func() error {
	gone := plan.Attempt{Seat: drivers.Seat{Experiment: "exp", Group: "web"}}
	ended := a
	ended.End = &plan.End{State: drivers.JobFailed}
	return map[string]func() error{
		"Begin":  func() error { _, err := l.Begin(gone); return err },
		"Update": func() error { return l.Update(ended) },
		"WriteDesired": func() error {
			_, err := l.WriteDesired(seat, a.Nonce, drivers.AgentDesired{ExitWhenDone: true})
			return err
		},
		"CreateRun": func() error {
			_, err := l.CreateRun(plan.Run{ID: "new", Experiment: "exp"}, drivers.SuiteRequest{})
			return err
		},
		"UpdateRun": func() error { return l.UpdateRun(r) },
		"Status":    func() error { return l.PutStatus(v1alpha1.ExperimentStatus{Name: "exp", Generation: 9}) },
		"Targets":   func() error { return l.PutTargets([]drivers.Target{{URL: "http://other:1"}}) },
		"Emit":      func() error { return l.Emit(Event{Experiment: "exp", Reason: "Late"}) },
		"Forget":    func() error { return l.s.Forget(l, "gone") },
		"Renew":     l.Renew,
		"Requests":  func() error { return l.DropRequests(2) },
	}
}

// settled makes a state directory in which every writer has something to change.
func settled(t *testing.T, dir string) (plan.Attempt, plan.Run) {
	t.Helper()
	s := open(t, dir)
	l := acquire(t, s)
	live(t, s, l, "exp")
	rev := revision("gone", "a")
	rev.Deleting = true
	_, _, err := s.Accept(rev)
	check(t, err)
	a, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	r, err := l.CreateRun(plan.Run{ID: "bench-2", Experiment: "exp", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{})
	check(t, err)
	r.Phase = v1alpha1.RunFailed
	for range 2 {
		_, err := s.RequestPass()
		check(t, err)
	}
	check(t, l.Release())
	return a, r
}

// snapshot is the content of every file below dir, leases aside.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	check(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Base(filepath.Dir(path)) == "lease" {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	}))
	return out
}

func TestAPausedHolderChangesNothing(t *testing.T) {
	names := writers(&Lease{}, plan.Attempt{}, plan.Run{})
	for name := range names {
		for _, paused := range []string{"before the call", "before create", "after fsync"} {
			t.Run(name+"/"+paused, func(t *testing.T) {
				dir := t.TempDir()
				a, r := settled(t, dir)
				taken := false
				takeover := func() {
					if !taken {
						taken = true
						other := open(t, dir)
						kill(t, other)
						acquire(t, other)
					}
				}
				armed := false
				s, err := Open(dir, Options{Hook: func(call string) {
					if armed && call == paused {
						takeover()
					}
				}})
				check(t, err)
				l := acquire(t, s)
				before := snapshot(t, dir)
				armed = true
				if paused == "before the call" {
					takeover()
				}
				err = writers(l, a, r)[name]()
				if !taken {
					t.Skipf("%s never stops there", name)
				}
				if !errors.Is(err, ErrLeaseLost) {
					t.Errorf("error %v, want %v", err, ErrLeaseLost)
				}
				if d := cmp.Diff(before, snapshot(t, dir)); d != "" {
					t.Errorf("the directory changed: %s", d)
				}
			})
		}
	}
}

// TestEveryWriterWrites keeps the test above honest: with the lease, each of them does change something.
func TestEveryWriterWrites(t *testing.T) {
	for name := range writers(&Lease{}, plan.Attempt{}, plan.Run{}) {
		if name == "Renew" {
			continue // it changes a lease file only
		}
		dir := t.TempDir()
		a, r := settled(t, dir)
		l := acquire(t, open(t, dir))
		before := snapshot(t, dir)
		check(t, writers(l, a, r)[name]())
		if cmp.Equal(before, snapshot(t, dir)) {
			t.Errorf("%s changed nothing", name)
		}
	}
}

// TestAnotherDirectoryIsNotTaken: who has opened what lay under a mount point acts on nothing of what is mounted there now.
func TestAnotherDirectoryIsNotTaken(t *testing.T) {
	top := t.TempDir()
	path, real := filepath.Join(top, "state"), filepath.Join(top, "real")
	if _, err := Open(real, Options{}); err != nil {
		t.Fatal(err)
	}
	empty, err := Open(path, Options{}) // before the mount
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(path, filepath.Join(top, "below")), os.Rename(real, path)); err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Acquire(t.Context(), "test", 0); err == nil || !strings.Contains(err.Error(), "another directory than a moment ago") {
		t.Fatalf("the lease of another directory: %v", err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Acquire(t.Context(), "test", 0); err != nil {
		t.Errorf("it was not given back: %v", err)
	}
}

// TestALeaseEndsWithItsDirectory: a controller that began in the folder below a mount point ends when the state directory of
// another store is mounted there. One whose directory is merely gone waits for it.
func TestALeaseEndsWithItsDirectory(t *testing.T) {
	top := t.TempDir()
	path, real, below := filepath.Join(top, "state"), filepath.Join(top, "real"), filepath.Join(top, "below")
	for _, dir := range []string{real, path} {
		if _, err := Open(dir, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Acquire(t.Context(), "test", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, below); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); err == nil || errors.Is(err, ErrLeaseLost) {
		t.Errorf("without its directory: %v", err)
	}
	if err := os.Rename(real, path); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); !errors.Is(err, ErrLeaseLost) || !strings.Contains(err.Error(), "another store") {
		t.Errorf("with another one's: %v", err)
	}
	if err := errors.Join(os.Rename(path, real), os.Rename(below, path)); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); err != nil {
		t.Errorf("with its own again: %v", err)
	}
}
