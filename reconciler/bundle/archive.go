package bundle

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"assay/reconciler/redact"
)

// archive is a .tar on its way: nothing reaches it but through a redacting writer.
type archive struct {
	tar     *tar.Writer
	secrets []string
	scratch *os.File // the file that is being redacted: a tar header needs its size first
	limit   int64    // WholeFile
	files   int
	cut     []string // names of files that were cut
}

// add archives a file of the state directory, or the content that stands in for it.
func (ar *archive) add(dir, name string, content []byte) error {
	modified := time.Now()
	if err := ar.scratch.Truncate(0); err != nil {
		return err
	}
	if _, err := ar.scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if content != nil {
		if err := ar.pass(strings.NewReader(string(content))); err != nil {
			return err
		}
	} else {
		f, info, err := openPlain(filepath.Join(dir, name))
		if f == nil {
			return err // gone meanwhile, or no plain file
		}
		defer f.Close()
		modified = info.ModTime()
		if err := ar.passFile(f, info.Size(), name); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	size, err := ar.scratch.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if err := ar.tar.WriteHeader(&tar.Header{Name: "assay/" + name, Mode: 0o600, Size: size, ModTime: modified, Format: tar.FormatPAX}); err != nil {
		return err
	}
	if _, err := ar.scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(ar.tar, ar.scratch)
	ar.files++
	return err
}

// openPlain opens a regular file; nil when it is not there or is something else, such as a link.
func openPlain(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}

func (ar *archive) pass(r io.Reader) error {
	w := ar.hiding(ar.scratch)
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Flush()
}

// hiding is a writer to w that hides known secrets, and then what looks like one.
func (ar *archive) hiding(w io.Writer) *hiding {
	lines := redact.NewLines(w)
	return &hiding{redact.New(lines, ar.secrets...), lines}
}

type hiding struct {
	*redact.Writer
	lines *redact.Lines
}

// Flush passes on what both hold back.
func (h *hiding) Flush() error { return errors.Join(h.Writer.Flush(), h.lines.Flush()) }
