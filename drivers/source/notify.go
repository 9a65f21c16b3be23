package source

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fsnotify/fsnotify"
)

// notify signals events that concern paths. Where no notifier can be had there are none, and the poll finds every edit.
// fsnotify does not pass on that a file was closed after writing or renamed into place, so events only mean: compare now.
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
