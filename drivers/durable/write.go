package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Writer writes files. Its zero value is ready to use.
type Writer struct {
	Hook   func(call string) // for tests: called before and after every system call that changes a file
	NoSync bool              // for tests: leaves fsync out
}

// Guard is asked just before a written file gets its name. Its error leaves everything as it was. Nil allows all.
type Guard func() error

func (g Guard) allow() error {
	if g == nil {
		return nil
	}
	return g()
}

// Replace writes b under a name, whole or not at all.
func (w Writer) Replace(path string, b []byte, may Guard) error {
	tmp, err := w.temp(path, b)
	if err != nil {
		return err
	}
	if err = may.allow(); err == nil {
		err = w.step("rename", func() error { return os.Rename(tmp, path) })
	}
	if err != nil {
		return fmt.Errorf("replacing %s: %w", path, errors.Join(err, os.Remove(tmp)))
	}
	return w.syncDir(filepath.Dir(path))
}

// Create writes b under a name that must not exist: fs.ErrExist otherwise. Of several that create one name, one wins.
func (w Writer) Create(path string, b []byte, may Guard) error {
	tmp, err := w.temp(path, b)
	if err != nil {
		return err
	}
	if err = may.allow(); err == nil {
		err = w.link(tmp, path)
	}
	_ = w.step("unlink", func() error { return os.Remove(tmp) }) // what stays is swept
	if err != nil {
		return fmt.Errorf("creating %s: %w", path, err)
	}
	return w.syncDir(filepath.Dir(path))
}

// Append adds one line to a file, in one write. A line that a crash cut short is ended first. The line is not fsynced:
// what must survive a power cut is a file of its own.
func (w Writer) Append(path string, line []byte) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("appending to %s: %w", path, err)
	}
	defer f.Close()
	whole := make([]byte, 0, len(line)+2)
	if torn(f) {
		whole = append(whole, '\n')
	}
	whole = append(append(whole, line...), '\n')
	if err := w.step("append", func() error { _, err := f.Write(whole); return err }); err != nil {
		return fmt.Errorf("appending to %s: %w", path, err)
	}
	return nil
}

// torn reports whether the last line was cut short by a crash.
func torn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

// Move renames a file or folder within one file system, durably.
func (w Writer) Move(from, to string) error {
	if err := w.step("rename", func() error { return os.Rename(from, to) }); err != nil {
		return err
	}
	return w.syncDir(filepath.Dir(to))
}

// Remove unlinks a file. One that is not there is no error.
func (w Writer) Remove(path string) error {
	err := w.step("unlink", func() error { return os.Remove(path) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// MkdirAll makes dir and what is missing above it, durably. Folders that exist keep their mode: they may be somebody else's.
func (w Writer) MkdirAll(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := w.MkdirAll(parent); err != nil {
			return err
		}
	}
	err := w.step("mkdir", func() error { return os.Mkdir(dir, 0o700) })
	if info, statErr := os.Stat(dir); err != nil && (statErr != nil || !info.IsDir()) {
		return err
	}
	return w.syncDir(parent)
}

func (w Writer) step(call string, do func() error) error {
	if w.Hook != nil {
		w.Hook("before " + call)
	}
	err := do()
	if w.Hook != nil {
		w.Hook("after " + call)
	}
	return err
}

// link gives a file a second name, which must not exist. NFS repeats a request whose answer got lost and then finds the
// name that it made itself, so "exists" counts only when it is another file.
func (w Writer) link(from, to string) error {
	err := w.step("link", func() error { return os.Link(from, to) })
	if errors.Is(err, fs.ErrExist) {
		a, errA := os.Stat(from)
		b, errB := os.Stat(to)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			return nil
		}
	}
	return err
}

// temp writes b to a temporary file in path's folder and returns its name.
func (w Writer) temp(path string, b []byte) (string, error) {
	return w.tempFrom(path, 0o600, func(f *os.File) error { _, err := f.Write(b); return err })
}

func (w Writer) tempFrom(path string, mode fs.FileMode, write func(*os.File) error) (string, error) {
	var t *os.File
	err := w.step("create", func() (err error) {
		t, err = os.CreateTemp(filepath.Dir(path), tempPrefix+"*") // 0600
		return err
	})
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	err = w.step("write", func() error { return write(t) })
	if err == nil && mode != 0o600 {
		err = t.Chmod(mode)
	}
	if err == nil {
		err = w.sync(t)
	}
	if err = errors.Join(err, t.Close()); err != nil {
		return "", fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(t.Name())))
	}
	return t.Name(), nil
}

func (w Writer) sync(t *os.File) error {
	if w.NoSync {
		return nil
	}
	return w.step("fsync", t.Sync)
}

// syncDir makes the names in dir durable, on file systems that know how to.
func (w Writer) syncDir(dir string) error {
	if w.NoSync {
		return nil
	}
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil // a folder above the state directory that may be passed but not read
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
