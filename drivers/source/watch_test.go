package source

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// watching follows paths until the test ends.
func watching(t *testing.T, poll time.Duration, paths ...string) *watched {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &watched{}
	done := make(chan error, 1)
	go func() {
		done <- Watch(ctx, paths, poll, func(in Input, err error) {
			if err != nil {
				w.say("error")
				return
			}
			files := contents(in)
			w.say(strings.Join(slices.Sorted(maps.Keys(files)), " ") + ": " + strings.Join(slices.Sorted(maps.Values(files)), " "))
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v", err)
		}
	})
	return w
}

func (w *watched) say(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, s)
}

func TestWatchAFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "1")
	w := watching(t, 200*time.Millisecond, dir)
	want := []string{"a.yaml: 1"}
	step := func(now string) {
		t.Helper()
		want = append(want, now)
		w.until(t, want...)
	}
	w.until(t, want...)
	write(t, filepath.Join(dir, "deep", "er", "b.yml"), "2") // in a folder that is new: only the poll can find it
	step("a.yaml b.yml: 1 2")
	write(t, filepath.Join(dir, "deep", "er", "b.yml"), "{broken")
	step("a.yaml b.yml: 1 {broken")
	write(t, filepath.Join(dir, "deep", "er", "b.yml"), "2")
	step("a.yaml b.yml: 1 2") // the same as before the last: it was another one in between
	write(t, filepath.Join(dir, "notes.txt"), "of no concern")
	if err := os.RemoveAll(filepath.Join(dir, "deep")); err != nil {
		t.Fatal(err)
	}
	step("a.yaml: 1")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	step("error")
	write(t, filepath.Join(dir, "c.yaml"), "3")
	step("c.yaml: 3")
}

func TestWatchThroughALink(t *testing.T) {
	real, dir := t.TempDir(), t.TempDir()
	for _, v := range []string{"1", "2"} {
		write(t, filepath.Join(real, v, "e.yaml"), v)
	}
	link := filepath.Join(dir, "current")
	if err := os.Symlink(filepath.Join(real, "1"), link); err != nil {
		t.Fatal(err)
	}
	w := watching(t, 200*time.Millisecond, link)
	w.until(t, "e.yaml: 1")
	next := filepath.Join(dir, "next")
	if err := errors.Join(os.Symlink(filepath.Join(real, "2"), next), os.Rename(next, link)); err != nil {
		t.Fatal(err)
	}
	w.until(t, "e.yaml: 1", "e.yaml: 2")
}

// TestWatchNeverDeliversHalfAFile writes as a slow editor does: what is there in between must not be seen.
func TestWatchNeverDeliversHalfAFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "e.yaml")
	write(t, file, "first")
	var mu sync.Mutex
	var got []string
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Watch(ctx, []string{dir}, 100*time.Millisecond, func(in Input, err error) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, contents(in)["e.yaml"])
		})
	}()
	defer func() { cancel(); <-done }()
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(got) }
	for deadline := time.Now().Add(20 * time.Second); count() == 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	begun := time.Now()
	late := false // this machine was too slow to write as meant
	for _, part := range strings.SplitAfter("one two three four five six seven", " ") {
		late = late || time.Since(begun) > settle/2
		begun = time.Now()
		if _, err := f.WriteString(part); err != nil {
			t.Fatal(err)
		}
		time.Sleep(settle / 4)
	}
	for deadline := time.Now().Add(20 * time.Second); count() < 2 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	if d := cmp.Diff([]string{"first", "one two three four five six seven"}, got); d != "" && !late {
		t.Error(d)
	}
}

func TestStandardInputCannotBeFollowed(t *testing.T) {
	if err := Watch(t.Context(), []string{"-"}, time.Second, func(Input, error) { t.Error("delivered") }); err == nil {
		t.Error("no error")
	}
}
