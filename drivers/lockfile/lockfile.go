package lockfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"assay/drivers/durable"
	"assay/drivers/procid"
)

// locks writes lock files without fsync: they mean nothing after a power cut.
var locks = durable.Writer{NoSync: true}

// Lock is the right to fetch something: a file that only one process can create, and that its holder touches while it
// works. It saves work and protects nothing: what is fetched is renamed into place whole, so two holders only fetch it twice.
type Lock struct {
	path string
	stop context.CancelFunc
	done chan struct{}
}

// Timing is how often a holder touches its lock, how often others check it, and how long it can stand still before they
// take it over.
type Timing struct{ Touch, Poll, Stale time.Duration }

// Usual is for files that take minutes to fetch.
var Usual = Timing{Touch: 5 * time.Second, Poll: time.Second, Stale: time.Minute}

// Acquire waits until the lock is ours, or until done reports that there is nothing left to do: nil then. waiting is
// called when another process turns out to hold it.
func Acquire(ctx context.Context, path string, t Timing, done func() bool, waiting func(holder string)) (*Lock, error) {
	var seen string
	var since time.Time
	reported := false
	for {
		switch err := locks.CreateRecord(path, procid.Self(), nil); {
		case err == nil:
			return hold(path, t), nil
		case !errors.Is(err, fs.ErrExist):
			return nil, fmt.Errorf("locking: %w", err)
		}
		holder, mark := Inspect(path)
		switch {
		case done():
			return nil, nil
		case mark == "": // it was released in this moment
		case mark != seen: // the holder touched it, by whatever clock
			if !reported {
				waiting(Named(holder))
				reported = true
			}
			seen, since = mark, time.Now()
		case time.Since(since) > t.Stale || holder.State() == procid.Gone:
			if err := takeAway(path, mark); err != nil {
				return nil, fmt.Errorf("taking over the lock of %s: %w; once that process has ended, type: rm %s", Named(holder), err, path)
			}
			seen, reported = "", false
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(t.Poll):
		}
	}
}

// Named is a holder for people.
func Named(holder procid.ID) string {
	if holder.PID == 0 {
		return "another process"
	}
	return fmt.Sprintf("%s pid %d", holder.Host, holder.PID)
}

// Inspect returns who holds the lock, and a mark that changes whenever the holder touches it; an empty mark when there is
// no lock. The lock of another version of assay has a holder without a pid, of which nothing is known.
func Inspect(path string) (holder procid.ID, mark string) {
	st, err := os.Stat(path)
	if err != nil {
		return procid.ID{}, ""
	}
	text, err := durable.ReadAny(path, 64<<10)
	if err != nil {
		return procid.ID{}, ""
	}
	if err := durable.Decode(path, text, &holder); err != nil {
		holder = procid.ID{}
	}
	return holder, fmt.Sprintf("%s %d", text, st.ModTime().UnixNano())
}

// takeAway removes the lock of a holder that is gone, unless it was touched after all. It is renamed first: of two
// processes that do this, one finds nothing to rename.
func takeAway(path, mark string) error {
	if _, now := Inspect(path); now != mark {
		return nil
	}
	old := fmt.Sprintf("%s.old.%d", path, os.Getpid())
	if err := locks.Move(path, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return locks.Remove(old)
}

// hold touches the lock until release.
func hold(path string, t Timing) *Lock {
	ctx, stop := context.WithCancel(context.Background())
	l := &Lock{path: path, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-time.After(t.Touch):
				_ = os.Chtimes(path, now, now) // when it was taken away, two fetch the image, which does no harm
			}
		}
	}()
	return l
}

// Release gives the lock back, if it is still ours.
func (l *Lock) Release() {
	l.stop()
	<-l.done
	if holder, _ := Inspect(l.path); holder == procid.Self() {
		_ = locks.Remove(l.path) // a lock that stays is taken over by the next process that waits
	}
}
