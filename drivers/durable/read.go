package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Read returns the content of a file of this user or of root, at most limit bytes of it: ErrTooLarge when there is more,
// ErrForeign when it is another user's. What is not a regular file is refused, and opened without waiting: a FIFO cannot hang
// the reader.
func Read(path string, limit int64) ([]byte, error) { return read(path, limit, false) }

// ReadAny is Read for a file that other users can write too, such as a lock in a folder that they share.
func ReadAny(path string, limit int64) ([]byte, error) { return read(path, limit, true) }

func read(path string, limit int64, anybodys bool) ([]byte, error) {
	reads("open")
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) { // a socket
		return nil, fmt.Errorf("reading %s: %w", path, ErrNotRegular)
	}
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
	case !anybodys && !own(info):
		return nil, fmt.Errorf("reading %s: %w, who may have put it there: find out how it came there, then type: rm %s", path, ErrForeign, quoted(path))
	case info.Size() > limit:
		return nil, fmt.Errorf("reading %s: it has %d bytes, more than %d: %w", path, info.Size(), limit, ErrTooLarge)
	}
	reads("read")
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
			return nil, fmt.Errorf("reading %s: it has more than %d bytes: %w", path, limit, ErrTooLarge)
		case len(b) == cap(b):
			b = append(b, 0)[:len(b)]
		}
	}
}

// own reports whether this user or root owns a file.
func own(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return !ok || st.Uid == 0 || int(st.Uid) == os.Geteuid()
}
