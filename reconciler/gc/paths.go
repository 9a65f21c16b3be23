package gc

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// folders lists the real folders in dir, without links to folders. A dir that is not there has none.
func folders(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() }), err
}

// elementName is the name that the store turned into an element of a path.
func elementName(element string) string {
	if name, err := url.PathUnescape(element); err == nil {
		return name
	}
	return element
}

// sizeOf adds up a file or folder, in bytes. What vanishes meanwhile, or cannot be read, counts nothing.
func sizeOf(path string) (sum int64) {
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

// old reports whether no living process can be in the middle of making it.
func old(info fs.FileInfo) bool { return time.Since(info.ModTime()) > time.Hour }
