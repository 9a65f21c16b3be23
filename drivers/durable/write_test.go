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
	"sync"
	"testing"
)

// TestTheOrderOfCalls is the contract that survives a power cut: content first, then the name, then the folder.
func TestTheOrderOfCalls(t *testing.T) {
	for name, c := range map[string]struct {
		w    Writer
		do   func(w Writer, path string) error
		want string
	}{
		"replace": {Writer{}, func(w Writer, p string) error { return w.Replace(p, []byte("b"), nil) }, "create write fsync rename fsync dir"},
		"create":  {Writer{}, func(w Writer, p string) error { return w.Create(p+".new", []byte("b"), nil) }, "create write fsync link unlink fsync dir"},
		"stream": {Writer{}, func(w Writer, p string) error { return w.Stream(p, 0o700, writing("b")) },
			"create write chmod fsync rename fsync dir"},
		"stream new": {Writer{}, func(w Writer, p string) error { return w.StreamNew(p+".new", 0o600, writing("b")) },
			"create write fsync link unlink fsync dir"},
		"append":          {Writer{}, func(w Writer, p string) error { return w.Append(p, []byte("b")) }, "append"},
		"extend":          {Writer{}, func(w Writer, p string) error { return w.Extend(p, 7, []byte("b"), nil) }, "append fsync"},
		"extend, no sync": {Writer{NoSync: true}, func(w Writer, p string) error { return w.Extend(p, 7, []byte("b"), nil) }, "append"},
		"together":        {Writer{Together: &Together{}}, func(w Writer, p string) error { return w.Replace(p, []byte("b"), nil) }, "create write fsync rename fsync dir"},
		"move":            {Writer{}, func(w Writer, p string) error { return w.Move(p, p+".new") }, "fsync rename fsync dir"},
		"move to another folder": {Writer{}, func(w Writer, p string) error { return w.Move(p, filepath.Join(filepath.Dir(p), "sub", "x")) },
			"fsync rename fsync dir fsync dir"},
		"remove":      {Writer{}, func(w Writer, p string) error { return w.Remove(p) }, "unlink"},
		"mkdir":       {Writer{}, func(w Writer, p string) error { return w.MkdirAll(filepath.Join(filepath.Dir(p), "a", "b")) }, "mkdir fsync dir mkdir fsync dir"},
		"no sync":     {Writer{NoSync: true}, func(w Writer, p string) error { return w.Replace(p, []byte("b"), nil) }, "create write rename"},
		"no dir sync": {Writer{NoDirSync: true}, func(w Writer, p string) error { return w.Replace(p, []byte("b"), nil) }, "create write fsync rename"},
		"refused": {Writer{}, func(w Writer, p string) error {
			if err := w.Replace(p, []byte("b"), func() error { return errRefused }); !errors.Is(err, errRefused) {
				return fmt.Errorf("the guard's error is lost: %w", err)
			}
			return nil
		}, "create write fsync unlink"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			must(t, errors.Join(os.WriteFile(path, []byte("before\n"), 0o600), os.Mkdir(filepath.Join(dir, "sub"), 0o700)))
			var calls []string
			c.w.Hook = func(call string) {
				if rest, ok := strings.CutPrefix(call, "after "); ok {
					calls = append(calls, rest)
				}
			}
			must(t, c.do(c.w, path))
			if got := strings.Join(calls, " "); got != c.want {
				t.Errorf("calls: %s, want %s", got, c.want)
			}
			leavesNothing(t, dir)
		})
	}
}

var errRefused = errors.New("refused")

func writing(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// leavesNothing checks that no temporary file is left.
func leavesNothing(t *testing.T, dir string) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	if string(b) != want {
		t.Errorf("%s holds %q, want %q", path, b, want)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	var w Writer
	must(t, errors.Join(w.MkdirAll(dir), w.MkdirAll(dir), w.Replace(filepath.Join(dir, "r"), nil, nil), w.Create(filepath.Join(dir, "c"), nil, nil),
		w.Append(filepath.Join(dir, "l"), nil), w.Stream(filepath.Join(dir, "x"), 0o700, writing(""))))
	for name, want := range map[string]fs.FileMode{".": 0o700, "r": 0o600, "c": 0o600, "l": 0o600, "x": 0o700} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %o, want %o", name, got, want)
		}
	}
}

func TestWhatFailsLeavesEverythingAsItWas(t *testing.T) {
	refuse := func() error { return errRefused }
	for name, do := range map[string]func(w Writer, path string) error{
		"replace": func(w Writer, p string) error { return w.Replace(p, []byte("new"), refuse) },
		"create":  func(w Writer, p string) error { return w.Create(p+".new", []byte("new"), refuse) },
		"record":  func(w Writer, p string) error { return w.ReplaceRecord(p, struct{}{}, refuse) },
		"stream": func(w Writer, p string) error {
			return w.Stream(p, 0o600, func(f io.Writer) error { return errors.Join(writing("half")(f), errRefused) })
		},
		"stream new": func(w Writer, p string) error {
			return w.StreamNew(p+".new", 0o600, func(io.Writer) error { return errRefused })
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "file")
			must(t, os.WriteFile(path, []byte("before"), 0o600))
			if err := do(Writer{}, path); !errors.Is(err, errRefused) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, which must be of its cause's kind and name the file", err)
			}
			holds(t, path, "before")
			if names, err := Names(dir); err != nil || !slices.Equal(names, []string{"file"}) {
				t.Errorf("left: %q, %v", names, err)
			}
			leavesNothing(t, dir)
		})
	}
}

func TestOneOfManyCreators(t *testing.T) {
	const rounds, creators = 20, 8
	dir := t.TempDir()
	for round := range rounds {
		path := filepath.Join(dir, fmt.Sprint("claim-", round))
		won := make(chan int, creators)
		var all sync.WaitGroup
		for n := range creators {
			all.Go(func() {
				switch err := (Writer{NoSync: true}).Create(path, []byte(fmt.Sprint(n)), nil); {
				case err == nil:
					won <- n
				case !errors.Is(err, fs.ErrExist):
					t.Error(err)
				}
			})
		}
		all.Wait()
		close(won)
		if len(won) != 1 {
			t.Fatalf("%d of %d creators won", len(won), creators)
		}
		holds(t, path, fmt.Sprint(<-won))
	}
	leavesNothing(t, dir)
}

// TestNFSRepeatsALink plays a server that did what it was asked, and lost its answer: the client asks again.
func TestNFSRepeatsALink(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "claim")
	w := Writer{Hook: func(call string) {
		if call == "before link" {
			tmp, err := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
			if err != nil || len(tmp) != 1 {
				t.Fatalf("temporary files %q, %v", tmp, err)
			}
			must(t, os.Link(tmp[0], path))
		}
	}}
	must(t, w.Create(path, []byte("mine"), nil))
	holds(t, path, "mine")
	leavesNothing(t, dir)
}

func TestAppendEndsATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	var w Writer
	must(t, w.Append(path, []byte("one")))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	must(t, err)
	_, err = f.WriteString("tw") // killed here
	must(t, errors.Join(err, f.Close(), w.Append(path, []byte("three")), w.Append(path, []byte("four"))))
	holds(t, path, "one\ntw\nthree\nfour\n")
}

func TestMoveNamesBothFiles(t *testing.T) {
	dir := t.TempDir()
	err := Writer{}.Move(filepath.Join(dir, "a"), filepath.Join(dir, "b"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "/a") || !strings.Contains(err.Error(), "/b") {
		t.Error(err)
	}
	must(t, Writer{}.Remove(filepath.Join(dir, "a")))
}
