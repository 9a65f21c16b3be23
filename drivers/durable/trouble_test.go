package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestTrouble(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		err  error
		says []string // none: it is no trouble of the file system
	}{
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, []string{"no space is left in " + dir + " (", "free): remove files"}},
		{fmt.Errorf("renewing: %w", syscall.EDQUOT), []string{"quota", dir}},
		{syscall.EROFS, []string{"read-only", dir}},
		{syscall.ESTALE, []string{"stale"}},
		{syscall.EIO, []string{"input and output"}},
		{syscall.EACCES, []string{"not permitted"}},
		{syscall.ENOENT, nil},
		{errors.New("no space left on device"), nil},
		{nil, nil},
	} {
		got := Trouble(dir, c.err)
		if len(c.says) == 0 && got != "" {
			t.Errorf("%v: %q", c.err, got)
		}
		for _, s := range c.says {
			if !strings.Contains(got, s) {
				t.Errorf("%v: %q does not say %q", c.err, got, s)
			}
		}
	}
}

// TestNothingHalfWritten fails every system call of every way to write in turn, as a full disk does: what was there stays,
// whole, and no temporary file stays once the disk takes an unlink.
func TestNothingHalfWritten(t *testing.T) {
	for name, do := range map[string]func(w Writer, path string) error{
		"replace": func(w Writer, p string) error { return w.Replace(p, []byte("new"), nil) },
		"create":  func(w Writer, p string) error { return w.Create(p+".new", []byte("new"), nil) },
		"stream": func(w Writer, p string) error {
			return w.Stream(p, 0o700, func(f io.Writer) error { _, err := io.WriteString(f, "new"); return err })
		},
		"adopt":  func(w Writer, p string) error { return adopt(w, p, "new") },
		"append": func(w Writer, p string) error { return w.Append(p, []byte("new")) },
		"move":   func(w Writer, p string) error { return w.Move(p, p+".new") },
	} {
		t.Run(name, func(t *testing.T) {
			for _, call := range []string{"create", "write", "chmod", "fsync", "rename", "link", "append"} {
				dir := t.TempDir()
				path := filepath.Join(dir, "file")
				must(t, os.WriteFile(path, []byte("before\n"), 0o600))
				failed := false
				w := Writer{Fault: func(c string) error {
					if c != call {
						return nil
					}
					failed = true
					return syscall.ENOSPC
				}}
				err := do(w, path)
				if failed != errors.Is(err, syscall.ENOSPC) {
					t.Errorf("%s failed: %v, and the error is %v", call, failed, err)
				}
				if !failed {
					continue
				}
				holds(t, path, "before\n")
				leavesNothing(t, dir)
				if names, err := Names(dir); err != nil || !slices.Equal(names, []string{"file"}) {
					t.Errorf("%s: left %q, %v", call, names, err)
				}
			}
		})
	}
}
