package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"assay/api/v1alpha1"
)

// settle is how long content has to stay the same before it counts: an editor may be in the middle of writing.
const settle = 200 * time.Millisecond

// Watch calls changed with the content of paths, at start and whenever it has become another one and stayed so for a
// moment, until ctx ends. What cannot be read is delivered as an error, once. Events only make it look sooner: the
// content decides.
func Watch(ctx context.Context, paths []string, poll time.Duration, changed func(Input, error)) error {
	if slices.Contains(paths, "-") {
		return errors.New("standard input cannot be watched: name a file or a folder")
	}
	events, stop := notify(paths)
	defer stop()
	tick := time.NewTicker(max(poll, 100*time.Millisecond))
	defer tick.Stop()
	var delivered, seen string
	var since time.Time
	for {
		now := digest(readAll(paths))
		switch {
		case now == delivered:
			seen = ""
		case now != seen:
			seen, since = now, time.Now()
		case time.Since(since) >= settle:
			delivered, seen = now, ""
			in, err := Read(paths, nil)
			in.Origin.Source = "watch"
			changed(in, err)
		}
		var again <-chan time.Time
		if seen != "" {
			again = time.After(settle)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-again:
		case <-events:
		}
	}
}

// digest tells two contents, or two failures, apart.
func digest(files []v1alpha1.File, err error) string {
	h := sha256.New()
	fmt.Fprintf(h, "%v\x00", err)
	for _, f := range files {
		fmt.Fprintf(h, "%s\x00%d\x00%s", f.Name, len(f.Data), f.Data)
	}
	return string(h.Sum(nil))
}

// notify tells of events in the folders of paths. Without a notifier there are none, and the poll finds every edit.
func notify(paths []string) (<-chan struct{}, func()) {
	out := make(chan struct{}, 1)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return out, func() {}
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil || !info.IsDir() {
			_ = w.Add(filepath.Dir(p)) // the folder: a rename replaces the file itself
			continue
		}
		_ = filepath.WalkDir(p, func(sub string, e fs.DirEntry, err error) error {
			if err != nil || !e.IsDir() {
				return nil
			}
			if sub != p && strings.HasPrefix(e.Name(), ".") {
				return filepath.SkipDir // git writes into its own on every look
			}
			_ = w.Add(sub) // the poll covers what cannot be watched
			return nil
		})
	}
	go func() {
		for range w.Events {
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	go func() {
		for range w.Errors { // an overflow loses events, which the poll makes up for
		}
	}()
	return out, func() { _ = w.Close() }
}
