package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Move renames a file or folder within one file system and replaces a file of that name. A file is fsynced first: another
// program can have written it.
func (w Writer) Move(from, to string) error {
	if err := w.syncFile(from); err != nil {
		return fmt.Errorf("moving %s: %w", from, err)
	}
	if err := w.rename(from, to); err != nil {
		return err // it names both
	}
	if filepath.Dir(from) != filepath.Dir(to) {
		if err := w.syncDir(filepath.Dir(from)); err != nil {
			return err
		}
	}
	return w.syncDir(filepath.Dir(to))
}

// Remove unlinks a file. A file that does not exist is no error. A power cut can bring the file back.
func (w Writer) Remove(path string) error {
	err := w.step("unlink", func() error { return os.Remove(path) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// MkdirAll makes dir and the missing folders above it, durably. Folders that exist keep their mode: they can be another
// user's.
func (w Writer) MkdirAll(dir string) error {
	if isDir(dir) {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := w.MkdirAll(parent); err != nil {
			return err
		}
	}
	if err := w.step("mkdir", func() error { return os.Mkdir(dir, 0o700) }); err != nil && !isDir(dir) {
		return err
	}
	return w.syncDir(parent)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Names lists a folder's entries in order, without hidden ones (temporary files). An absent folder is empty.
func Names(dir string) ([]string, error) {
	reads("open", "list")
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

// syncFile makes the content of a regular file durable.
func (w Writer) syncFile(path string) error {
	if info, err := os.Lstat(path); w.NoSync || err != nil || !info.Mode().IsRegular() {
		return nil // what is missing shows in the rename
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return w.step("fsync", f.Sync)
}

// syncDir makes the names in dir durable, on file systems that can.
func (w Writer) syncDir(dir string) error {
	switch {
	case w.NoSync || w.NoDirSync:
		return nil
	case w.Together != nil:
		return w.Together.sync(dir, w.syncDirNow)
	}
	return w.syncDirNow(dir)
}

func (w Writer) syncDirNow(dir string) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil // a folder above the state directory that can be passed but not read
	}
	if err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	defer d.Close()
	err = w.step("fsync dir", d.Sync)
	if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}
