package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Nameless is a new file in dir that has no name, so that nothing is left of it after any end, until Adopt gives it one. Not every file
// system and system knows such files.
func (w Writer) Nameless(dir string) (f *os.File, err error) {
	err = w.step("create", func() error {
		f, err = nameless(dir)
		return err
	})
	return f, err
}

// Adopt is Replace with what was written to a file of Nameless. The file stays open.
func (w Writer) Adopt(f *os.File, path string) error {
	tmp, err := w.named(f, filepath.Dir(path))
	if err == nil && !w.NoSync {
		err = w.step("fsync", f.Sync)
	}
	if err == nil {
		err = w.rename(tmp, path)
	}
	if err != nil {
		if tmp != "" {
			_ = w.Remove(tmp) // what stays is swept
		}
		return fmt.Errorf("replacing %s: %w", path, err)
	}
	return w.syncDir(filepath.Dir(path))
}

// named gives a file without a name a temporary one.
func (w Writer) named(f *os.File, dir string) (tmp string, err error) {
	for {
		tmp = filepath.Join(dir, fmt.Sprintf("%s%d", tempPrefix, rand.Uint64()))
		err = w.step("link", func() error { return name(f, tmp) })
		if err == nil {
			return tmp, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
}
