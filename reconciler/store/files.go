package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	tempPrefix = ".tmp-"   // marks files that are being written; a leftover is nobody's
	tempAge    = time.Hour // no living writer takes so long, whatever the clocks of the machines say
)

// files does the system calls that change a file, each between two calls of the hook.
type files struct {
	hook   func(string)
	noSync bool
}

// guard is asked just before a written file gets its name; its error leaves everything as it was.
type guard func() error

func free() error { return nil }

func (f files) step(call string, do func() error) error {
	if f.hook != nil {
		f.hook("before " + call)
	}
	err := do()
	if f.hook != nil {
		f.hook("after " + call)
	}
	return err
}

// mkdir makes dir and what is missing above it, durably. Folders that exist keep their mode: they may be somebody else's.
func (f files) mkdir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := f.mkdir(parent); err != nil {
			return err
		}
	}
	err := f.step("mkdir", func() error { return os.Mkdir(dir, 0o700) })
	if info, statErr := os.Stat(dir); err != nil && (statErr != nil || !info.IsDir()) {
		return err
	}
	return f.syncDir(parent)
}

// replace writes v as JSON, whole or not at all.
func (f files) replace(path string, v any, may guard) error {
	b, err := encode(path, v)
	if err != nil {
		return err
	}
	return f.replaceBytes(path, b, may)
}

func (f files) replaceBytes(path string, b []byte, may guard) error {
	tmp, err := f.temp(path, b)
	if err != nil {
		return err
	}
	if err = may(); err == nil {
		err = f.step("rename", func() error { return os.Rename(tmp, path) })
	}
	if err != nil {
		return fmt.Errorf("replacing %s: %w", path, errors.Join(err, os.Remove(tmp)))
	}
	return f.syncDir(filepath.Dir(path))
}

// create writes v as JSON under a name that must not exist: fs.ErrExist otherwise.
func (f files) create(path string, v any, may guard) error {
	b, err := encode(path, v)
	if err != nil {
		return err
	}
	tmp, err := f.temp(path, b)
	if err != nil {
		return err
	}
	if err = may(); err == nil {
		err = f.link(tmp, path)
	}
	_ = f.step("unlink", func() error { return os.Remove(tmp) }) // what stays is swept
	if err != nil {
		return fmt.Errorf("creating %s: %w", path, err)
	}
	return f.syncDir(filepath.Dir(path))
}

// link gives a file a second name, which must not exist. NFS repeats a request whose answer got lost and then finds the
// name that it made itself, so "exists" counts only when it is another file.
func (f files) link(from, to string) error {
	err := f.step("link", func() error { return os.Link(from, to) })
	if errors.Is(err, fs.ErrExist) {
		a, errA := os.Stat(from)
		b, errB := os.Stat(to)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			return nil
		}
	}
	return err
}

func encode(path string, v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", path, err)
	}
	return append(b, '\n'), nil
}

// temp writes b beside path and returns the temporary file's name.
func (f files) temp(path string, b []byte) (string, error) {
	var t *os.File
	err := f.step("create", func() (err error) {
		t, err = os.CreateTemp(filepath.Dir(path), tempPrefix+"*") // 0600
		return err
	})
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	err = f.step("write", func() error { _, err := t.Write(b); return err })
	if err == nil {
		err = f.sync(t)
	}
	if err = errors.Join(err, t.Close()); err != nil {
		return "", fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(t.Name())))
	}
	return t.Name(), nil
}

func (f files) sync(t *os.File) error {
	if f.noSync {
		return nil
	}
	return f.step("fsync", t.Sync)
}

// syncDir makes the names in dir durable, on file systems that know how to.
func (f files) syncDir(dir string) error {
	if f.noSync {
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
	err = f.step("fsync dir", d.Sync)
	if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}

// read decodes a JSON file. A file that is there but damaged is an error that says what to do; it is never "absent".
func read(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return &damaged{path, err}
	}
	return nil
}

// damaged is a file that cannot be decoded.
type damaged struct {
	path string
	err  error
}

func (d *damaged) Error() string {
	return fmt.Sprintf("%s is damaged (%v): restore it from a backup, or, once you know that what it describes is gone, type: mv %s %s.damaged", d.path, d.err, d.path, filepath.Join(filepath.Dir(d.path), "."+filepath.Base(d.path)))
}

func (d *damaged) Unwrap() error { return d.err }

// optional reads a file that may be absent.
func optional[T any](path string) (*T, error) {
	v := new(T)
	err := read(path, v)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return v, nil
}

// names lists a folder's entries, hidden ones (temporary files) aside; an absent folder is empty.
func names(dir string) ([]string, error) {
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

// safe makes one element of a path of any name, and named reads it back. DNS labels stay as they are.
func safe(name string) string {
	s := url.PathEscape(name)
	if strings.HasPrefix(s, ".") {
		s = "%2E" + s[1:]
	}
	return s
}

func named(element string) string {
	name, err := url.PathUnescape(element)
	if err != nil {
		return element // not ours; it is reported where it is read
	}
	return name
}

// sweep removes what writers that were killed left below dir, down to depth folders.
func (f files) sweep(dir string, depth int) {
	entries, _ := os.ReadDir(dir) // an unreadable folder shows when it is used
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir() && depth > 0:
			f.sweep(path, depth-1)
		case strings.HasPrefix(e.Name(), tempPrefix):
			if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > tempAge {
				_ = f.step("unlink", func() error { return os.Remove(path) }) // or another sweeper was faster
			}
		}
	}
}
