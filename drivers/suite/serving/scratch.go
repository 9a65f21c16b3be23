package serving

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"assay/drivers/durable"
)

// scratch is bytes that are written once and read afterwards: a few in memory, more in a file of the run's directory that has no name.
// What fails is told when they are read.
type scratch struct {
	dir   string
	draft bool // it is to become a file
	buf   []byte
	file  *os.File
	flow  *flow // of a draft; nil: it is copied when it is whole
	size  int64 // in the file
	err   error
}

// filePiece is how much of a file is written at once, in bytes.
const filePiece = 256 << 10

// Write appends b.
func (s *scratch) Write(b []byte) (int, error) {
	if s.buf = append(s.buf, b...); len(s.buf) >= filePiece {
		s.spill()
	}
	return len(b), nil
}

// nameless is a new file in dir that has no name, so that nothing is left of it after any end.
func nameless(dir, pattern string) (*os.File, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close() // the other error counts
		return nil, err
	}
	return f, nil
}

func (s *scratch) spill() {
	if s.file == nil && s.err == nil {
		s.open()
	}
	if s.err == nil && s.flow != nil {
		_, s.err = s.flow.Write(s.buf)
	} else if s.err == nil {
		_, s.err = s.file.Write(s.buf)
	}
	s.size += int64(len(s.buf))
	s.buf = s.buf[:0]
}

func (s *scratch) open() {
	if s.draft {
		if f, err := (durable.Writer{}).Nameless(s.dir); err == nil {
			s.file, s.flow = f, &flow{File: f}
			return
		}
	}
	s.file, s.err = nameless(s.dir, ".scratch-*")
}

// WriteTo writes all to w.
func (s *scratch) WriteTo(w io.Writer) (n int64, err error) {
	if err := s.failed(); err != nil {
		return 0, err
	}
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return 0, err
		}
		if n, err = io.Copy(w, s.file); err != nil { // from file to file without a detour
			return n, err
		}
	}
	m, err := io.Copy(w, bytes.NewReader(s.buf))
	return n + m, err
}

func (s *scratch) failed() error {
	if s.err == nil {
		return nil
	}
	return fmt.Errorf("keeping what the requests were answered in %s: %w", s.dir, s.err)
}

// writeFile gives all of it a name.
func (s *scratch) writeFile(path string) (err error) {
	if s.flow != nil {
		s.spill()
		if err = s.failed(); err == nil {
			err = durable.Writer{}.Adopt(s.file, path)
		}
	} else {
		err = writeWhole(path, func(f io.Writer) error {
			_, err := s.WriteTo(f)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return nil
}

// readAt fills p with what lies at an offset.
func (s *scratch) readAt(p []byte, at int64) error {
	if err := s.failed(); err != nil {
		return err
	}
	n := int64(0)
	if at < s.size {
		n = min(s.size-at, int64(len(p)))
		if _, err := s.file.ReadAt(p[:n], at); err != nil {
			return err
		}
	}
	copy(p[n:], s.buf[max(0, at-s.size):])
	return nil
}

func (s *scratch) close() {
	if s.file != nil {
		_ = s.file.Close() // nobody reads it any more
	}
	s.file, s.flow, s.buf = nil, nil, nil
}
