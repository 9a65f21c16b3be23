package durable

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, errors.Join(syscall.Mkfifo(at("fifo"), 0o600), os.Mkdir(at("folder"), 0o700), os.WriteFile(at("long"), make([]byte, 11), 0o600),
		os.WriteFile(at("fits"), make([]byte, 10), 0o600), os.WriteFile(at("empty"), nil, 0o600), os.Symlink(at("fits"), at("link"))))
	l, err := net.Listen("unix", at("socket"))
	must(t, err)
	defer l.Close()
	for _, c := range []struct {
		path string
		want error
	}{
		{at("fifo"), ErrNotRegular}, {at("folder"), ErrNotRegular}, {at("socket"), ErrNotRegular}, {"/dev/zero", ErrNotRegular},
		{at("long"), ErrTooLarge}, {at("absent"), fs.ErrNotExist}, {at("fits"), nil}, {at("empty"), nil}, {at("link"), nil},
		{"/proc/self/status", ErrTooLarge}, // it says that it has 0 bytes
	} {
		done := make(chan error, 1)
		go func() { _, err := Read(c.path, 10); done <- err }()
		select {
		case err := <-done:
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.path) {
				t.Errorf("%s: %v, want %v", c.path, err, c.want)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the reader hangs", c.path)
		}
	}
}

// TestNamesAndSweep: readers see no temporary file, and those of writers that were killed long ago go.
func TestNamesAndSweep(t *testing.T) {
	dir := t.TempDir()
	old, deep := time.Now().Add(-2*tempAge), filepath.Join(dir, "a", "b", "c")
	must(t, os.MkdirAll(deep, 0o700))
	for _, path := range []string{"z", "old", ".tmp-old", ".tmp-new", "a/.tmp-old", "a/b/.tmp-old", "a/b/c/.tmp-old"} {
		must(t, os.WriteFile(filepath.Join(dir, path), nil, 0o600))
		if strings.HasSuffix(path, "old") {
			must(t, os.Chtimes(filepath.Join(dir, path), old, old))
		}
	}
	Writer{}.Sweep(dir, 2)
	for path, want := range map[string]bool{"old": true, ".tmp-old": false, ".tmp-new": true, "a/.tmp-old": false, "a/b/.tmp-old": false, "a/b/c/.tmp-old": true} {
		if _, err := os.Lstat(filepath.Join(dir, path)); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
	names, err := Names(dir)
	if err != nil || !slices.Equal(names, []string{"a", "old", "z"}) {
		t.Errorf("%q, %v", names, err)
	}
	if names, err = Names(filepath.Join(dir, "absent")); names != nil || err != nil {
		t.Errorf("an absent folder: %q, %v", names, err)
	}
	if _, err = Names(filepath.Join(dir, "z")); err == nil {
		t.Error("a file was listed")
	}
}

// TestReadingARecordIsCheap: the state of every job is read once a second.
func TestReadingARecordIsCheap(t *testing.T) {
	type state struct {
		Beat  uint64   `json:"beat"`
		Node  string   `json:"node"`
		Nodes []string `json:"nodes"`
	}
	path := filepath.Join(t.TempDir(), "state.json")
	must(t, Writer{}.ReplaceRecord(path, state{7, "n1", []string{"n1", "n2"}}, nil))
	plain := testing.AllocsPerRun(200, func() {
		b, err := os.ReadFile(path)
		must(t, err)
		must(t, json.Unmarshal(b, new(state)))
	})
	record := testing.AllocsPerRun(200, func() { must(t, ReadRecord(path, new(state))) })
	t.Logf("%v allocations, %v by the standard library", record, plain)
	if record > plain+2 {
		t.Errorf("reading a record takes %v allocations, %v without it", record, plain)
	}
}
