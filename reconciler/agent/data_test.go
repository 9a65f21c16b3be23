package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
