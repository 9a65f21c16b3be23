package source

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// watched is what Follow delivers, and when: "12s: a.yaml=text". Notes to the user are among it.
type watched struct {
	mu    sync.Mutex
	begun time.Time
	got   []string
}

func (w *watched) add(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, fmt.Sprintf("%s: %s", time.Since(w.begun).Round(time.Millisecond), s))
}

func (w *watched) deliver(in Input, err error) {
	files := contents(in)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(all, name+"="+strings.ReplaceAll(files[name], "\n", "+"))
	}
	if err != nil {
		all = []string{"error"}
	}
	w.add(strings.Join(all, " "))
}

// expect waits until every goroutine waits too, and compares.
func (w *watched) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := cmp.Diff(want, w.got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// silent is a file system that reports no events, as NFS does for what another node writes.
func silent([]string) (<-chan struct{}, func()) { return nil, func() {} }

// follow follows paths until the bubble ends. Lines are what an edit can remove: those of the first content.
func follow(t *testing.T, f Files) *watched {
	w := &watched{begun: time.Now()}
	f.notify, f.Note = silent, w.add
	if f.Poll == 0 {
		f.Poll = 500 * time.Millisecond
	}
	first := readContent(f.Paths)
	f.Removes = func(now Input) (gone []string) {
		for _, file := range first.files {
			for line := range strings.Lines(string(file.Data)) {
				if !strings.Contains(contents(now)[filepath.Base(file.Name)], line) {
					gone = append(gone, strings.TrimSpace(line))
				}
			}
		}
		return gone
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Follow(ctx, w.deliver) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Follow ended with %v", err)
		}
	})
	return w
}

// check fails a test at once when a call of the file system did.
func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestEveryWayOfWriting: whatever an editor does on the way, the old content and then the whole new one is delivered, and
// nothing in between. The clock is the test's, the files are real, and no event is reported.
func TestEveryWayOfWriting(t *testing.T) {
	const old, next = "a\nb\n", "a\nb\nc\n"
	pieces := func(t *testing.T, flag int, pause time.Duration) func(file string) {
		return func(file string) {
			f, err := os.OpenFile(file, flag, 0o600)
			check(t, err)
			for _, part := range strings.SplitAfter(next, "\n") {
				time.Sleep(pause)
				_, err := f.WriteString(part)
				check(t, err)
			}
			check(t, f.Close())
		}
	}
	for name, edit := range map[string]func(t *testing.T, file string){
		"in place": func(t *testing.T, file string) { pieces(t, os.O_WRONLY, time.Millisecond)(file) },
		"truncated, and written in pieces": func(t *testing.T, file string) {
			pieces(t, os.O_WRONLY|os.O_TRUNC, 1900*time.Millisecond)(file)
		},
		"cut by truncate(2), and whole later": func(t *testing.T, file string) {
			check(t, os.Truncate(file, 2))
			time.Sleep(670 * time.Millisecond)
			write(t, file, next)
		},
		"a half that is closed, then appended to": func(t *testing.T, file string) {
			write(t, file, "a\n")
			time.Sleep(1900 * time.Millisecond)
			write(t, file, next)
		},
		"renamed over": func(t *testing.T, file string) {
			write(t, file+".tmp", next)
			check(t, os.Rename(file+".tmp", file))
		},
		"a backup and a new file, as vim does": func(t *testing.T, file string) {
			check(t, os.Rename(file, file+"~"))
			time.Sleep(time.Second)
			pieces(t, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 800*time.Millisecond)(file)
			check(t, os.Remove(file+"~"))
		},
		"gone, and there again": func(t *testing.T, file string) {
			check(t, os.Remove(file))
			time.Sleep(1900 * time.Millisecond)
			write(t, file, next)
		},
		"a file in place of the link": func(t *testing.T, file string) {
			write(t, file+".real", old)
			check(t, os.Remove(file), os.Symlink(file+".real", file))
			time.Sleep(time.Second)
			write(t, file+".tmp", next)
			check(t, os.Rename(file+".tmp", file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "e.yaml")
				write(t, file, old)
				w := follow(t, Files{Paths: []string{file}})
				time.Sleep(time.Minute)
				edit(t, file)
				time.Sleep(time.Minute)
				synctest.Wait()
				var got []string
				for _, s := range w.got {
					got = append(got, s[strings.Index(s, ": ")+2:])
				}
				if d := cmp.Diff([]string{"e.yaml=a+b+", "e.yaml=a+b+c+"}, got); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// TestALinkThatIsSwapped mounts a folder as Kubernetes does: files lead through ..data to a folder that is swapped.
func TestALinkThatIsSwapped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		for _, v := range []string{"1", "2"} {
			write(t, filepath.Join(dir, "..v"+v, "e.yaml"), v)
		}
		check(t, os.Symlink("..v1", filepath.Join(dir, "..data")), os.Symlink("..data/e.yaml", filepath.Join(dir, "e.yaml")))
		w := follow(t, Files{Paths: []string{dir}, Hold: time.Millisecond})
		time.Sleep(10*time.Second - time.Nanosecond) // just before the files are compared
		check(t, os.Symlink("..v2", filepath.Join(dir, "..tmp")), os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")))
		time.Sleep(10 * time.Second)
		w.expect(t, "2s: e.yaml=1", "12s: the edit removes 1: it is applied in 1ms unless the file changes again", "12.001s: e.yaml=2")
	})
}

// TestAnEditThatRemovesWaits: a half that could be meant is not applied for 12 seconds, which is said, and is dropped when
// the file changes again. Other edits wait for 2 seconds.
func TestAnEditThatRemovesWaits(t *testing.T) {
	const held = "the edit removes b: it is applied in 10s unless the file changes again"
	const dropped = "the edit that removes b was dropped: the file has changed again"
	for name, c := range map[string]struct {
		edit func(t *testing.T, file string)
		want []string
	}{
		"cut for 1.9 s": {func(t *testing.T, file string) {
			check(t, os.Truncate(file, 2))
			time.Sleep(1900 * time.Millisecond)
			write(t, file, "a\nb\n")
		}, nil},
		"cut for 11.5 s": {func(t *testing.T, file string) {
			check(t, os.Truncate(file, 2))
			time.Sleep(11500 * time.Millisecond)
			write(t, file, "a\nb\n")
		}, []string{"12s: " + held, "21.5s: " + dropped}},
		"cut for good": {func(t *testing.T, file string) { check(t, os.Truncate(file, 2)) },
			[]string{"12s: " + held, "22s: e.yaml=a+"}},
		"cut, and another edit in time": {func(t *testing.T, file string) {
			check(t, os.Truncate(file, 2))
			time.Sleep(7250 * time.Millisecond)
			write(t, file, "a\nb\nc\n")
		}, []string{"12s: " + held, "17.5s: " + dropped, "19.5s: e.yaml=a+b+c+"}},
		"written again with the same half": {func(t *testing.T, file string) {
			check(t, os.Truncate(file, 2))
			time.Sleep(5 * time.Second)
			check(t, os.Chtimes(file, time.Now(), time.Now()))
		}, []string{"12s: " + held, "15s: " + dropped, "17s: " + held, "27s: e.yaml=a+"}},
		"added to": {func(t *testing.T, file string) { write(t, file, "a\nb\nc\n") }, []string{"12s: e.yaml=a+b+c+"}},
		"emptied":  {func(t *testing.T, file string) { write(t, file, "") }, []string{"12s: " + strings.ReplaceAll(held, "s b:", "s a, b:"), "22s: e.yaml="}},
		"removed":  {func(t *testing.T, file string) { check(t, os.Remove(file)) }, []string{"12s: error"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "e.yaml")
				write(t, file, "a\nb\n")
				w := follow(t, Files{Paths: []string{file}})
				time.Sleep(10*time.Second - time.Nanosecond) // just before the file is compared
				c.edit(t, file)
				time.Sleep(time.Minute)
				w.expect(t, append([]string{"2s: e.yaml=a+b+"}, c.want...)...)
			})
		})
	}
}

// TestAFolder gains, loses and changes files, goes away and comes back.
func TestAFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a.yaml"), "1")
		deep := filepath.Join(dir, "deep", "er", "b.yml")
		w := follow(t, Files{Paths: []string{dir}, Hold: time.Millisecond})
		for _, change := range []func(){
			func() {},
			func() { write(t, deep, "2") },
			func() { write(t, deep, "{broken") },
			func() { write(t, deep, "2") }, // the same as before the last: it was another one in between
			func() { write(t, filepath.Join(dir, "notes.txt"), "of no concern") },
			func() { check(t, os.RemoveAll(filepath.Dir(filepath.Dir(deep)))) },
			func() { check(t, os.RemoveAll(dir)) },
			func() { write(t, filepath.Join(dir, "a.yaml"), "1 3") },
		} {
			change()
			time.Sleep(5*time.Second - time.Nanosecond)
		}
		synctest.Wait()
		var got []string
		for _, s := range w.got {
			got = append(got, s[strings.Index(s, ": ")+2:])
		}
		want := []string{"a.yaml=1", "a.yaml=1 b.yml=2", "a.yaml=1 b.yml={broken", "a.yaml=1 b.yml=2", "a.yaml=1", "error", "a.yaml=1 3"}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// TestEventsMakeItSooner uses the real notifier: with a poll of an hour only an event can show the edit.
func TestEventsMakeItSooner(t *testing.T) {
	file := filepath.Join(t.TempDir(), "e.yaml")
	write(t, file, "one")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got []string
	err := Files{Paths: []string{file}, Poll: time.Hour, Quiet: 20 * time.Millisecond}.Follow(ctx, func(in Input, err error) {
		got = append(got, contents(in)["e.yaml"])
		if len(got) == 1 {
			write(t, file, "two")
			return
		}
		cancel()
	})
	if d := cmp.Diff([]string{"one", "two"}, got); d != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("%v %s", err, d)
	}
}

func TestStandardInputCannotBeFollowed(t *testing.T) {
	if err := (Files{Paths: []string{"-"}}).Follow(t.Context(), func(Input, error) { t.Error("delivered") }); err == nil {
		t.Error("no error")
	}
}
