package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// The kinds of error beside fs.ErrNotExist and fs.ErrExist.
var (
	ErrDamaged    = errors.New("damaged")
	ErrNewer      = errors.New("written by a newer assay")
	ErrTooLarge   = errors.New("too large")
	ErrNotRegular = errors.New("not a regular file")
)

// Read returns a file's content, at most limit bytes of it: ErrTooLarge when there is more. What is no regular file is
// refused, so that a FIFO cannot hang the reader.
func Read(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("reading %s: %w", path, ErrNotRegular)
	case info.Size() > limit:
		return nil, fmt.Errorf("reading %s: %d bytes, and at most %d are read: %w", path, info.Size(), limit, ErrTooLarge)
	}
	b := make([]byte, 0, info.Size()+1) // one more, so that the end shows without growing
	for {
		n, err := f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, err
		case int64(len(b)) > limit: // it grew meanwhile
			return nil, fmt.Errorf("reading %s: more than %d bytes: %w", path, limit, ErrTooLarge)
		case len(b) == cap(b):
			b = append(b, 0)[:len(b)]
		}
	}
}

// Names lists a folder's entries in order, hidden ones (temporary files) aside. An absent folder is empty.
func Names(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", dir, err)
	}
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out, nil
}
