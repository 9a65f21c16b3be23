package durable

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	tempPrefix = ".tmp-"   // marks files that are being written
	tempAge    = time.Hour // of a file that is swept: no writer takes so long, and clocks differ by less
)

// Sweep removes the temporary files that killed writers left in dir, and in folders up to depth levels below it.
func (w Writer) Sweep(dir string, depth int) {
	entries, _ := os.ReadDir(dir) // an unreadable folder shows when it is used
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir() && depth > 0:
			w.Sweep(path, depth-1)
		case !e.IsDir() && strings.HasPrefix(e.Name(), tempPrefix):
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > tempAge {
				_ = w.Remove(path) // another sweeper can be faster
			}
		}
	}
}
