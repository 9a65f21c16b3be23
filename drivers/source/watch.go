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
	"time"

	"assay/api/v1alpha1"

	"github.com/fsnotify/fsnotify"
)

const (
	settle     = 200 * time.Millisecond // content has to stay the same for so long: an editor can be in the middle of writing
	settleLong = time.Second            // the same for content that looks unfinished: no file, or an empty one
)

// Watch calls changed with the content of paths, at start and whenever it has become another one and stayed so for a
// moment, until ctx ends. What cannot be read is delivered as an error, once. Events only make it compare sooner; the
// content decides, and it is compared at least every poll.
func Watch(ctx context.Context, paths []string, poll time.Duration, changed func(Input, error)) error {
	if slices.Contains(paths, "-") {
		return errors.New("standard input cannot be followed; give a file or a folder")
	}
	events, stop := notify(paths)
	defer stop()
	tick := time.NewTicker(max(poll, 100*time.Millisecond))
	defer tick.Stop()
	var delivered, seen content
	var since time.Time
	for {
		now := readContent(paths)
		var again <-chan time.Time
		if now.sum != seen.sum {
			seen, since = now, time.Now()
		}
		if seen.sum != delivered.sum {
			left := seen.settle() - time.Since(since)
			if left <= 0 {
				delivered = seen
				changed(Input{seen.files, origin(ctx, paths)}, seen.err)
				continue // it may have changed meanwhile
			}
			again = time.After(left)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again:
		case <-tick.C:
		case <-events:
		}
	}
}

// content is what paths held at one moment.
type content struct {
	files []v1alpha1.File
	err   error
	sum   string // tells two contents, or two failures, apart
}

func readContent(paths []string) content {
	files, err := readAll(paths, nil)
	h := sha256.New()
	fmt.Fprintf(h, "%v\x00", err)
	for _, f := range files {
		fmt.Fprintf(h, "%s\x00%d\x00%s", f.Name, len(f.Data), f.Data)
	}
	return content{files, err, string(h.Sum(nil))}
}

func (c content) settle() time.Duration {
	if c.err != nil || slices.ContainsFunc(c.files, func(f v1alpha1.File) bool { return len(f.Data) == 0 }) {
		return settleLong
	}
	return settle
}

// notify signals events that concern paths. Where no notifier can be had there are none, and the poll finds every edit.
func notify(paths []string) (<-chan struct{}, func()) {
	out := make(chan struct{}, 1)
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return out, func() {}
	}
	files := map[string]bool{}
	for _, p := range paths {
		if info, err := os.Stat(p); err != nil || !info.IsDir() {
			_ = w.Add(filepath.Dir(p)) // the folder, because a rename replaces the file itself
			files[filepath.Clean(p)] = true
			continue
		}
		_ = filepath.WalkDir(p, func(sub string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				_ = w.Add(sub) // the poll covers what cannot be watched
			}
			return nil
		})
	}
	go func() {
		for e := range w.Events {
			if !files[filepath.Clean(e.Name)] && !isManifest(e.Name) {
				continue // another file in the same folder
			}
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	go func() {
		for range w.Errors { // an overflow loses events; the poll finds those edits
		}
	}()
	return out, func() { _ = w.Close() }
}
