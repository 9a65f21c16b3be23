package storage

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"assay/drivers"
	"assay/drivers/safefile/safefiletest"
)

// TestAnotherUsersMark: in a folder that all can write another user makes a directory that carries a run's mark, and swaps it
// for a link to the victim's home again and again. Nothing of either is removed.
func TestAnotherUsersMark(t *testing.T) {
	measured, home, runs := safefiletest.Shared(t, 0o777), safefiletest.Shared(t, 0o755), "/victim/state/runs/e"
	mark := filepath.Join(runs, "io-1-0123abcd")
	trap, link := filepath.Join(measured, ".assay-e-trap"), filepath.Join(measured, "link")
	if err := errors.Join(os.Chown(home, safefiletest.Victim, -1)); err != nil {
		t.Fatal(err)
	}
	safefiletest.As(t, safefiletest.Victim, func() {
		if err := errors.Join(os.WriteFile(home+"/thesis", nil, 0o600), os.WriteFile(home+"/photos", nil, 0o600)); err != nil {
			t.Error(err)
		}
	})
	safefiletest.As(t, safefiletest.Attacker, func() {
		err := errors.Join(os.Mkdir(trap, 0o700), os.WriteFile(filepath.Join(trap, markFile), []byte(mark), 0o600), os.WriteFile(trap+"/photos", nil, 0o600),
			os.Symlink(home, link), os.Chmod(filepath.Join(trap, markFile), 0o644), os.Chmod(trap, 0o777))
		if err != nil {
			t.Error(err)
		}
	})
	var over atomic.Bool
	attack := make(chan struct{})
	go func() {
		defer close(attack)
		safefiletest.As(t, safefiletest.Attacker, func() {
			for !over.Load() {
				_ = unix.Renameat2(unix.AT_FDCWD, trap, unix.AT_FDCWD, link, unix.RENAME_EXCHANGE)
				runtime.Gosched()
			}
		})
	}()
	safefiletest.As(t, safefiletest.Victim, func() {
		for range 2000 {
			if err := removeEarlier(measured, mark); err != nil {
				t.Error(err)
			}
			_, _ = Tree{trap, mark}.Remove() // refused
		}
	})
	over.Store(true)
	<-attack
	for _, path := range []string{home + "/thesis", home + "/photos"} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("it was removed: %v", err)
		}
	}
	left := 0
	for _, path := range []string{trap, link} {
		if there, err := os.ReadDir(path); err == nil && len(there) == 2 {
			left++
		}
	}
	if left != 2 {
		t.Error("another user's directory was emptied")
	}
}

// TestHomeSwappedAtTheEnd: the run's own directory was renamed by another user, who put a link in its place.
func TestHomeSwappedAtTheEnd(t *testing.T) {
	measured, home := safefiletest.Shared(t, 0o777), safefiletest.Shared(t, 0o777)
	var tree Tree
	var err error
	safefiletest.As(t, safefiletest.Victim, func() {
		tree, err = MakeTree(drivers.SuiteRequest{Run: "io-1-0123abcd", Experiment: "e", Directory: measured}, "/victim/runs/io-1-0123abcd")
	})
	if err != nil {
		t.Fatal(err)
	}
	safefiletest.As(t, safefiletest.Attacker, func() {
		err = errors.Join(os.Rename(tree.Root, measured+"/aside"), os.WriteFile(filepath.Join(home, markFile), []byte(tree.mark), 0o644),
			os.WriteFile(home+"/photos", nil, 0o600), os.Symlink(home, tree.Root))
	})
	if err != nil {
		t.Fatal(err)
	}
	safefiletest.As(t, safefiletest.Victim, func() { _, err = tree.Remove() })
	if err == nil {
		t.Error("a link was taken for the run's directory")
	}
	if _, err := os.Stat(home + "/photos"); err != nil {
		t.Errorf("what the link leads to was removed: %v", err)
	}
}
