package durable

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	tempPrefix = ".tmp-"   // marks files that are being written
	tempAge    = time.Hour // no living writer takes so long, whatever the clocks of the machines say
)

// Sweep removes what writers that were killed left below dir, down to depth folders.
func (w Writer) Sweep(dir string, depth int) {
	entries, _ := os.ReadDir(dir) // an unreadable folder shows when it is used
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir() && depth > 0:
			w.Sweep(path, depth-1)
		case strings.HasPrefix(e.Name(), tempPrefix):
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > tempAge {
				_ = w.step("unlink", func() error { return os.Remove(path) }) // or another sweeper was faster
			}
		}
	}
}
