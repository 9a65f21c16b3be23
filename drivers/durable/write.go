package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Writer writes files. Its zero value is ready to use.
type Writer struct {
	// Hook is for tests: it is called before and after every system call that changes a file.
	Hook func(call string)
	// Fault is for tests: its error is that of a system call that changes a file, which is then not made. Calls have Hook's names.
	Fault func(call string) error
	// NoDirSync leaves the fsync of the folder out. A power cut can then bring the former file back, whole: for files that
	// are replaced all the time and whose readers take an old one for what it is.
	NoDirSync bool
	// Together, when set, shares the fsync of a folder among the writers that wait for it.
	Together *Together
	// NoSync leaves every fsync out: for files that a power cut can take, and for tests.
	NoSync bool
}

// Guard is asked just before a written file gets its name. Its error leaves everything as it was. Nil allows all.
type Guard func() error

// Replace writes b under a name, whole or not at all.
func (w Writer) Replace(path string, b []byte, may Guard) error {
	return w.put("replacing", path, 0o600, content(b), may, w.rename)
}

// Create writes b under a name that must not exist: fs.ErrExist otherwise. Of several that create one name, one wins.
func (w Writer) Create(path string, b []byte, may Guard) error {
	return w.put("creating", path, 0o600, content(b), may, w.link)
}

// Stream is Replace for content that is too large for memory, with the given mode. An error of write leaves everything as
// it was.
func (w Writer) Stream(path string, mode fs.FileMode, write func(io.Writer) error) error {
	return w.put("replacing", path, mode, write, nil, w.rename)
}

// StreamNew is Create for content that is too large for memory, with the given mode.
func (w Writer) StreamNew(path string, mode fs.FileMode, write func(io.Writer) error) error {
	return w.put("creating", path, mode, write, nil, w.link)
}

func content(b []byte) func(io.Writer) error {
	return func(f io.Writer) error { _, err := f.Write(b); return err }
}

// put writes a temporary file and lets publish give it its name.
func (w Writer) put(doing, path string, mode fs.FileMode, fill func(io.Writer) error, may Guard, publish func(tmp, path string) error) error {
	tmp, err := w.temp(filepath.Dir(path), mode, fill)
	if err == nil && may != nil {
		err = may()
	}
	if err == nil {
		err = publish(tmp, path)
	}
	if err != nil {
		if tmp != "" {
			_ = w.Remove(tmp) // what stays is swept
		}
		return fmt.Errorf("%s %s: %w", doing, path, err)
	}
	return w.syncDir(filepath.Dir(path))
}

// temp writes a temporary file in dir and returns its name.
func (w Writer) temp(dir string, mode fs.FileMode, fill func(io.Writer) error) (string, error) {
	var t *os.File
	err := w.step("create", func() (err error) {
		t, err = os.CreateTemp(dir, tempPrefix+"*") // 0600
		return err
	})
	if err != nil {
		return "", err
	}
	err = w.step("write", func() error { return fill(t) })
	if err == nil && mode != 0o600 {
		err = w.step("chmod", func() error { return t.Chmod(mode) })
	}
	if err == nil && !w.NoSync {
		err = w.step("fsync", t.Sync)
	}
	return t.Name(), errors.Join(err, t.Close())
}

func (w Writer) rename(from, to string) error {
	return w.step("rename", func() error { return os.Rename(from, to) })
}

// link gives a temporary file a name that must not exist, and takes its temporary one. NFS repeats a request whose answer
// got lost and then finds the name that it made itself, so "exists" counts only when it is another file.
func (w Writer) link(tmp, path string) error {
	err := w.step("link", func() error { return os.Link(tmp, path) })
	if errors.Is(err, fs.ErrExist) && sameFile(tmp, path) {
		err = nil
	}
	if err == nil {
		_ = w.Remove(tmp) // what stays is swept
	}
	return err
}

func sameFile(a, b string) bool {
	infoA, errA := os.Lstat(a)
	infoB, errB := os.Lstat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

func (w Writer) step(call string, do func() error) error {
	if w.Hook != nil {
		w.Hook("before " + call)
		defer w.Hook("after " + call)
	}
	if w.Fault != nil {
		if err := w.Fault(call); err != nil {
			return err
		}
	}
	return do()
}
