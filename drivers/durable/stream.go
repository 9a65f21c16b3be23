package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Stream replaces a file with what write produces, whole or not at all, with the given mode.
func (w Writer) Stream(path string, mode fs.FileMode, write func(io.Writer) error) error {
	tmp, err := w.tempFrom(path, mode, func(f *os.File) error { return write(f) })
	if err != nil {
		return err
	}
	if err := w.step("rename", func() error { return os.Rename(tmp, path) }); err != nil {
		return fmt.Errorf("replacing %s: %w", path, errors.Join(err, os.Remove(tmp)))
	}
	return w.syncDir(filepath.Dir(path))
}

// StreamNew is Stream under a name that must not exist: fs.ErrExist otherwise.
func (w Writer) StreamNew(path string, mode fs.FileMode, write func(io.Writer) error) error {
	tmp, err := w.tempFrom(path, mode, func(f *os.File) error { return write(f) })
	if err != nil {
		return err
	}
	err = w.link(tmp, path)
	_ = w.step("unlink", func() error { return os.Remove(tmp) }) // what stays is swept
	if err != nil {
		return fmt.Errorf("creating %s: %w", path, err)
	}
	return w.syncDir(filepath.Dir(path))
}
