package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

// lock is the right to fetch one image: a file that only one can create, and that its holder touches while it works.
// It saves work and protects nothing: an image is renamed into place whole, so two holders would only fetch it twice.
type lock struct {
	path string
	stop context.CancelFunc
	done chan struct{}
}

// timing is how often a holder shows that it lives, how often others look, and when they give it up.
type timing struct{ touch, look, stale time.Duration }

var usual = timing{touch: 5 * time.Second, look: time.Second, stale: time.Minute}

// acquire waits until the lock is ours, or until there is nothing left to do. waiting is called when somebody else
// turns out to hold it.
func acquire(ctx context.Context, path string, t timing, there func() bool, waiting func(who string)) (*lock, error) {
	var seen string
	var since time.Time
	told := false
	for {
		switch err := create(path); {
		case err == nil:
			return hold(path, t), nil
		case !errors.Is(err, fs.ErrExist):
			return nil, fmt.Errorf("locking the image: %w", err)
		}
		who, mark := look(path)
		switch {
		case there():
			return nil, nil
		case mark == "": // gone in this moment
		case mark != seen: // it moved, by whatever clock
			if !told && who != "" { // empty: it was created, and is written in this moment
				waiting(who)
				told = true
			}
			seen, since = mark, time.Now()
		case time.Since(since) > t.stale || dead(who):
			if err := giveUp(path, mark); err != nil {
				return nil, fmt.Errorf("taking over the lock of %s: %w; remove %s if that one is gone", who, err, path)
			}
			seen, told = "", false
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(t.look):
		}
	}
}

func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(self())
	return errors.Join(err, f.Close())
}

// self is who we are, for people and for dead.
func self() string {
	host, _ := os.Hostname() // for people; an unknown one stays empty
	return fmt.Sprintf("%s pid %d", host, os.Getpid())
}

// dead reports whether who was a process of this machine and certainly is no more.
func dead(who string) bool {
	host, _ := os.Hostname()
	var pid int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(who, host), " pid %d", &pid); n != 1 || !strings.HasPrefix(who, host+" ") {
		return false
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// look returns who holds the lock, and a mark that changes whenever the holder touches it.
func look(path string) (who, mark string) {
	st, err := os.Stat(path)
	if err != nil {
		return "", ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", ""
	}
	return string(text), fmt.Sprintf("%s %d", text, st.ModTime().UnixNano())
}

// giveUp removes the lock of a holder that is gone, unless it has moved after all. It is renamed first: of two who give
// it up, one has nothing to rename.
func giveUp(path, mark string) error {
	if _, now := look(path); now != mark {
		return nil
	}
	old := fmt.Sprintf("%s.old.%d", path, os.Getpid())
	if err := os.Rename(path, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// hold touches the lock until release.
func hold(path string, t timing) *lock {
	ctx, stop := context.WithCancel(context.Background())
	l := &lock{path: path, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-time.After(t.touch):
				_ = os.Chtimes(path, now, now) // one that was taken away means that two fetch, which does no harm
			}
		}
	}()
	return l
}

// release gives the lock back, if it is still ours.
func (l *lock) release() {
	l.stop()
	<-l.done
	if who, _ := look(l.path); who == self() {
		_ = os.Remove(l.path) // one that stays is given up by the next one who waits
	}
}
