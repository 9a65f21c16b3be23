package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tempPrefix marks files that are being written; a leftover is nobody's.
const tempPrefix = ".tmp-"

// files does the system calls that change a file, each between two calls of the hook.
type files struct {
	hook   func(string)
	noSync bool
}

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

func (f files) mkdir(dir string) error {
	return f.step("mkdir", func() error { return os.MkdirAll(dir, 0o700) })
}

// replace writes v as JSON, whole or not at all.
func (f files) replace(path string, v any) error {
	tmp, err := f.temp(path, v)
	if err != nil {
		return err
	}
	if err := f.step("rename", func() error { return os.Rename(tmp, path) }); err != nil {
		return fmt.Errorf("replacing %s: %w", path, errors.Join(err, os.Remove(tmp)))
	}
	return f.syncDir(filepath.Dir(path))
}

// create writes v as JSON under a name that must not exist: fs.ErrExist otherwise.
func (f files) create(path string, v any) error {
	tmp, err := f.temp(path, v)
	if err != nil {
		return err
	}
	linkErr := f.step("link", func() error { return os.Link(tmp, path) })
	if err := f.step("unlink", func() error { return os.Remove(tmp) }); err != nil && linkErr == nil {
		linkErr = err
	}
	if linkErr != nil {
		return fmt.Errorf("creating %s: %w", path, linkErr)
	}
	return f.syncDir(filepath.Dir(path))
}

// temp writes v beside path and returns the temporary file's name.
func (f files) temp(path string, v any) (string, error) {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return "", fmt.Errorf("encoding %s: %w", path, err)
	}
	var t *os.File
	err = f.step("create", func() error {
		t, err = os.CreateTemp(filepath.Dir(path), tempPrefix+"*") // 0600
		return err
	})
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	err = f.step("write", func() error { _, err := t.Write(append(b, '\n')); return err })
	if err == nil && !f.noSync {
		err = f.step("fsync", t.Sync)
	}
	if err = errors.Join(err, t.Close()); err != nil {
		return "", fmt.Errorf("writing %s: %w", path, errors.Join(err, os.Remove(t.Name())))
	}
	return t.Name(), nil
}

func (f files) syncDir(dir string) error {
	if f.noSync {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	defer d.Close()
	if err := f.step("fsync dir", d.Sync); err != nil {
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
		return fmt.Errorf("%s is damaged (%w): restore it from a backup, or move it away if you know that what it describes is gone", path, err)
	}
	return nil
}

// names lists a folder's entries, temporary files aside; an absent folder is empty.
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

// sweep removes temporary files that no living writer can still be using.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir) // an unreadable folder shows when it is used
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), tempPrefix) && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(filepath.Join(dir, e.Name())) // another sweeper was faster
		}
	}
}
