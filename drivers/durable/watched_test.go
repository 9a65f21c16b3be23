package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestWatched: a record is read again when another file has its name, and only then; what cannot be read is tried again.
func TestWatched(t *testing.T) {
	type record struct {
		N int `json:"n"`
	}
	path := filepath.Join(t.TempDir(), "r.json")
	stats := 0
	w := &Watched[record]{Path: path, Stat: func(p string) (fs.FileInfo, error) { stats++; return os.Stat(p) }}
	look := func(what string, n int, fresh bool) {
		t.Helper()
		v, got, err := w.Read()
		if err != nil || (v == nil) != (n == 0) || v != nil && v.N != n || got != fresh {
			t.Errorf("%s: %+v, fresh %v, %v; want %d, fresh %v", what, v, got, err, n, fresh)
		}
	}
	put := func(n int) {
		t.Helper()
		if err := (Writer{}).ReplaceRecord(path, record{n}, nil); err != nil {
			t.Fatal(err)
		}
	}
	look("there is none", 0, true)
	put(1)
	look("it is there", 1, true)
	look("it is the same", 1, false)
	put(2)
	look("it was replaced", 2, true)
	if err := os.WriteFile(path, []byte(`{"n": 34}`), 0o600); err != nil {
		t.Fatal(err)
	}
	look("it was overwritten in place", 34, true)
	if err := os.WriteFile(path, []byte(`{"n": `), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := w.Read(); !errors.Is(err, ErrDamaged) {
			t.Errorf("it is damaged: %v", err)
		}
	}
	put(5)
	look("it was mended", 5, true)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	look("it is gone", 0, true)
	put(6)
	look("it is back", 6, true)
	before, opened := stats, 0
	for range 10 * (trusted + 1) {
		if _, fresh, _ := w.Read(); fresh {
			opened++
		}
	}
	if stats-before != 10*(trusted+1) || opened != 10 {
		t.Errorf("%d looks made %d stats and %d openings", 10*(trusted+1), stats-before, opened)
	}
}
