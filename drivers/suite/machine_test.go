package suite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestThisNode: what the kernel tells is there, and what it does not tell is absent with a reason.
func TestThisNode(t *testing.T) {
	n := ThisNode()
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	if host, _ := os.Hostname(); n.Name != host || n.Kernel != strings.TrimSpace(string(release)) || n.CPUs < 1 || (n.CPU == "") == (n.Absent["cpu"] == "") {
		t.Errorf("%+v", n)
	}
	if n := nodeAt(filepath.Join(t.TempDir(), "none")); n.Kernel != "" || n.Absent["kernel"] == "" || n.Absent["cpu"] == "" {
		t.Errorf("%+v", n)
	}
}
