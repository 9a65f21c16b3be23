package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// adopt writes a file that has no name before it is whole. Where there are none, it is written the usual way.
func adopt(w Writer, path, text string) error {
	f, err := w.Nameless(filepath.Dir(path))
	if unknown(err) {
		return w.Replace(path, []byte(text), nil)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.WriteString(f, text); err != nil {
		return err
	}
	return w.Adopt(f, path)
}

// unknown reports whether there are no such files here.
func unknown(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EISDIR) // a kernel that does not know the flag
}

// TestAdopt: a file without a name is no entry of its folder; then it replaces another one, whole, as nobody else's file.
func TestAdopt(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	f, err := (Writer{}).Nameless(dir)
	if unknown(err) {
		t.Skip("no such files here:", err)
	}
	must(t, err)
	defer f.Close()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Fatal(entries, err)
	}
	must(t, os.WriteFile(path, []byte("old"), 0o644))
	_, err = f.WriteString("new")
	must(t, err)
	must(t, Writer{}.Adopt(f, path))
	entries, err := os.ReadDir(dir)
	must(t, err)
	info, err := os.Stat(path)
	must(t, err)
	if b, _ := os.ReadFile(path); string(b) != "new" || len(entries) != 1 || info.Mode() != 0o600 {
		t.Errorf("%q with mode %v, of %d entries", b, info.Mode(), len(entries))
	}
}
