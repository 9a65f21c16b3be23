package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"assay/drivers/safefile"
	"assay/drivers/safefile/safefiletest"
)

// TestForeignData: two state directories that share paths.work do not run their services on one data folder.
func TestForeignData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "exp", "docs", "0")
	for _, owner := range []string{"us exp/docs", "us exp/docs", "us exp/renamed", ""} {
		if err := makeData(dir, owner); err != nil {
			t.Errorf("%q: %v", owner, err)
		}
	}
	if err := makeData(dir, "them exp/docs"); err == nil || !strings.Contains(err.Error(), "the data of exp/docs of another state directory (id us)") {
		t.Errorf("of another state directory: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, markerFile)); err != nil {
		t.Fatal(err)
	}
	if err := makeData(dir, "them exp/docs"); err != nil {
		t.Errorf("the user's own: %v", err)
	}
}

// TestAnotherUsersData: in a paths.work that all can write another user made the data folder, one above it, or a link in the place
// of one, beforehand. Nothing is made in what he made, nor where his link leads.
func TestAnotherUsersData(t *testing.T) {
	for _, depth := range []string{"exp", "exp/docs", "exp/docs/0"} {
		for name, trap := range map[string]func(dir, victims string) error{
			"a folder":                    func(dir, _ string) error { return os.Mkdir(dir, 0o777) },
			"a link to his own":           func(dir, _ string) error { return errors.Join(os.Mkdir(dir+"-", 0o777), os.Symlink(dir+"-", dir)) },
			"a link to the victim's":      func(dir, victims string) error { return os.Symlink(victims, dir) },
			"a link to what is not there": func(dir, victims string) error { return os.Symlink(filepath.Join(victims, "new"), dir) },
		} {
			work := safefiletest.Shared(t, 0o777)
			at, victims, dir := filepath.Join(work, depth), filepath.Join(work, "victims"), filepath.Join(work, "exp", "docs", "0")
			safefiletest.As(t, safefiletest.Victim, func() {
				_ = os.Mkdir(victims, 0o700)
				old := syscall.Umask(0) // as users have it whose group shares all
				_ = os.MkdirAll(filepath.Dir(at), 0o777)
				syscall.Umask(old)
			})
			safefiletest.As(t, safefiletest.Attacker, func() {
				old := syscall.Umask(0)
				if err := trap(at, victims); err != nil {
					t.Error(err)
				}
				syscall.Umask(old)
			})
			safefiletest.As(t, safefiletest.Victim, func() {
				if err := makeData(dir, "us exp/docs"); !errors.Is(err, safefile.ErrForeign) || !strings.Contains(err.Error(), at) {
					t.Errorf("%s: %s: %v", depth, name, err)
				}
			})
			inHis, _ := os.ReadDir(at + "-")
			inVictims, _ := os.ReadDir(victims)
			if len(inHis)+len(inVictims) > 0 {
				t.Errorf("%s: %s: it made %v %v", depth, name, inHis, inVictims)
			}
		}
	}
}
