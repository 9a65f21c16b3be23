package agent

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// TestAnotherUsersData: in a paths.work that all can write another user made the data folder, or a link in its place, beforehand.
func TestAnotherUsersData(t *testing.T) {
	for name, trap := range map[string]func(dir string) error{
		"a folder": func(dir string) error { return os.Mkdir(dir, 0o777) },
		"a link":   func(dir string) error { return errors.Join(os.Mkdir(dir+"-", 0o777), os.Symlink(dir+"-", dir)) },
	} {
		dir := filepath.Join(safefiletest.Shared(t, 0o777), "docs")
		safefiletest.As(t, safefiletest.Attacker, func() {
			if err := trap(dir); err != nil {
				t.Error(err)
			}
		})
		safefiletest.As(t, safefiletest.Victim, func() {
			if err := makeData(dir, "us exp/docs"); !errors.Is(err, safefile.ErrForeign) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
