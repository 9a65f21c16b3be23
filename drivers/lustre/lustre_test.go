package lustre

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"assay/api/v1alpha1"
)

const owner = "store-1 exp/io"

func ctx(t *testing.T) context.Context { return t.Context() }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(text), mode))
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestMakeLookRemove(t *testing.T) {
	spec := v1alpha1.Lustre{Path: filepath.Join(t.TempDir(), "io"), StripeCount: 4}
	d, err := Stat(ctx(t), spec, owner)
	must(t, err)
	if d.Exists || d.Ours || d.FreeBytes <= 0 || d.Message == "" {
		t.Errorf("before: %+v", d)
	}
	for range 2 { // the second finds it done
		must(t, Make(ctx(t), spec, owner))
	}
	info, err := os.Stat(spec.Path)
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v", info.Mode())
	}
	d, err = Stat(ctx(t), spec, owner)
	must(t, err)
	if !d.Exists || !d.Ours || d.IsLustre || d.Striped || d.FSType == "lustre" || d.FSType == "" || d.QuotaBytes != -1 || d.Message != "" {
		t.Errorf("made: %+v", d)
	}
	if d, err = Stat(ctx(t), spec, "store-2 exp/io"); err != nil || d.Ours {
		t.Errorf("to another owner: %+v, %v", d, err)
	}
	write(t, filepath.Join(spec.Path, "a/b/c"), "x", 0o600)
	for range 2 {
		must(t, Remove(ctx(t), spec, owner))
	}
	if left, _ := os.ReadDir(filepath.Dir(spec.Path)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLittleSpaceIsSaid(t *testing.T) {
	d, err := Stat(ctx(t), v1alpha1.Lustre{Path: t.TempDir(), MinFree: 1 << 62}, owner)
	must(t, err)
	if !d.Exists || !strings.Contains(d.Message, "needed") {
		t.Errorf("%+v", d)
	}
}

func TestUsersDirectoryStays(t *testing.T) {
	spec := v1alpha1.Lustre{Path: t.TempDir()}
	file := filepath.Join(spec.Path, "thesis")
	write(t, file, "mine", 0o600)
	must(t, Make(ctx(t), spec, owner))
	if there(filepath.Join(spec.Path, markerName)) {
		t.Error("the user's directory was marked")
	}
	if err := Remove(ctx(t), spec, owner); !errors.Is(err, ErrNotOurs) {
		t.Errorf("got %v", err)
	}
	if !there(file) {
		t.Error("the user's file is gone")
	}
}

func TestForeignMarks(t *testing.T) {
	parent := t.TempDir()
	spec := v1alpha1.Lustre{Path: filepath.Join(parent, "io")}
	must(t, Make(ctx(t), spec, owner))
	if err := Remove(ctx(t), spec, "store-1 exp/other"); !errors.Is(err, ErrNotOurs) {
		t.Errorf("another owner: %v", err)
	}
	moved := v1alpha1.Lustre{Path: filepath.Join(parent, "moved")}
	must(t, os.Rename(spec.Path, moved.Path))
	if err := Remove(ctx(t), moved, owner); !errors.Is(err, ErrNotOurs) {
		t.Errorf("renamed by the user: %v", err)
	}
	write(t, filepath.Join(moved.Path, markerName), "{half a ma", 0o600)
	if err := Remove(ctx(t), moved, owner); !errors.Is(err, ErrNotOurs) || !there(moved.Path) {
		t.Errorf("broken mark: %v", err)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	parent, victim := t.TempDir(), t.TempDir()
	precious := filepath.Join(victim, "precious")
	write(t, precious, "x", 0o600)
	spec := v1alpha1.Lustre{Path: filepath.Join(parent, "io")}
	must(t, Make(ctx(t), spec, owner))
	must(t, os.Mkdir(filepath.Join(spec.Path, "sub"), 0o700))
	must(t, os.Symlink(victim, filepath.Join(spec.Path, "sub", "link")))
	kept := filepath.Join(parent, "real")
	must(t, os.Rename(spec.Path, kept))
	must(t, os.Symlink(kept, spec.Path))
	if err := Remove(ctx(t), spec, owner); !errors.Is(err, ErrNotOurs) || !there(filepath.Join(kept, "sub")) {
		t.Errorf("through a link: %v", err)
	}
	if d, err := Stat(ctx(t), spec, owner); err != nil || d.Ours {
		t.Errorf("a link is ours: %+v %v", d, err)
	}
	must(t, os.Remove(spec.Path))
	must(t, os.Rename(kept, spec.Path))
	must(t, Remove(ctx(t), spec, owner))
	if there(spec.Path) || !there(precious) {
		t.Error("the tree should be gone, and what its link led to should not")
	}
	must(t, os.Symlink(filepath.Join(parent, "nowhere"), spec.Path))
	if err := Make(ctx(t), spec, owner); err == nil {
		t.Error("made through a dangling link")
	}
	linked := v1alpha1.Lustre{Path: filepath.Join(parent, "marked")}
	must(t, os.Mkdir(linked.Path, 0o700))
	write(t, filepath.Join(victim, "mark"), `{"owner":"`+owner+`","path":"`+linked.Path+`"}`, 0o600)
	must(t, os.Symlink(filepath.Join(victim, "mark"), filepath.Join(linked.Path, markerName)))
	if err := Remove(ctx(t), linked, owner); !errors.Is(err, ErrNotOurs) {
		t.Errorf("a mark that is a link: %v", err)
	}
}

func TestRefusedPaths(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, path := range []string{"/", "//", "/..", "relative", "", home, home + "/"} {
		spec := v1alpha1.Lustre{Path: path}
		_, statErr := Stat(ctx(t), spec, owner)
		if statErr == nil || Make(ctx(t), spec, owner) == nil || Remove(ctx(t), spec, owner) == nil {
			t.Errorf("%q was accepted", path)
		}
	}
	missing := v1alpha1.Lustre{Path: filepath.Join(home, "no", "dir")}
	if err := Make(ctx(t), missing, owner); err == nil || !strings.Contains(err.Error(), "mkdir -p") {
		t.Errorf("no parent: %v", err)
	}
	must(t, Remove(ctx(t), missing, owner))
}

// A crash leaves the temporary directory, with the mark or without; the next try starts over.
func TestCrashes(t *testing.T) {
	spec := v1alpha1.Lustre{Path: filepath.Join(t.TempDir(), "io")}
	temp := tempName(spec.Path, owner)
	for _, marked := range []bool{false, true} {
		must(t, os.Mkdir(temp, 0o700))
		if marked {
			write(t, filepath.Join(temp, markerName), "{", 0o600)
		}
		must(t, Make(ctx(t), spec, owner))
		if d, err := Stat(ctx(t), spec, owner); err != nil || !d.Ours || there(temp) {
			t.Errorf("marked %v: %+v %v", marked, d, err)
		}
		must(t, os.Rename(spec.Path, temp)) // where a removal had got to
		must(t, Remove(ctx(t), spec, owner))
		if there(temp) {
			t.Error("the removal was not finished")
		}
	}
	write(t, filepath.Join(temp, "data"), "x", 0o600)
	if err := Make(ctx(t), spec, owner); err == nil || !there(filepath.Join(temp, "data")) {
		t.Errorf("data under the temporary name: %v", err)
	}
}

func TestRemovalCutShortGoesOn(t *testing.T) {
	spec := v1alpha1.Lustre{Path: filepath.Join(t.TempDir(), "io")}
	must(t, Make(ctx(t), spec, owner))
	write(t, filepath.Join(spec.Path, "f"), "x", 0o600)
	stopped, cancel := context.WithCancel(ctx(t))
	cancel()
	if err := removeNow(stopped, spec.Path, owner); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if d, err := Stat(ctx(t), spec, owner); err != nil || !d.Ours {
		t.Fatalf("the mark has to outlive a removal cut short: %+v %v", d, err)
	}
	must(t, Remove(ctx(t), spec, owner))
}

// A dead file system costs one goroutine, however often it is looked at, and Look returns.
func TestDeadFileSystem(t *testing.T) {
	s, release, calls := newSystem(), make(chan struct{}), make(chan struct{}, 100)
	s.wait = 20 * time.Millisecond
	s.statfs = func(string, *unix.Statfs_t) error { calls <- struct{}{}; <-release; return nil }
	spec := v1alpha1.Lustre{Path: t.TempDir()}
	for range 5 {
		if d, err := s.stat(ctx(t), spec, owner); !errors.Is(err, context.DeadlineExceeded) || d.FreeBytes != -1 {
			t.Errorf("%+v, %v", d, err)
		}
	}
	<-calls
	if len(calls) != 0 {
		t.Errorf("%d more questions were asked beside the stuck one", len(calls))
	}
	close(release)
}

// A removal that is stuck is not taken for the making that is asked for meanwhile.
func TestDifferentStepsDoNotMix(t *testing.T) {
	var s steps
	started, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := s.do(ctx(t), "path", "remove", func() (any, error) { close(started); <-release; return nil, nil })
		ended <- err
	}()
	<-started
	if _, err := s.do(ctx(t), "path", "make", func() (any, error) { return nil, nil }); err == nil {
		t.Error("made while it was being removed")
	}
	close(release)
	must(t, <-ended)
	_, err := s.do(ctx(t), "path", "make", func() (any, error) { return nil, nil })
	must(t, err)
}
