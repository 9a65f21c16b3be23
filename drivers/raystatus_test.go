package drivers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files were printed by Ray 2.48 with simulated GPUs (ray start --num-gpus=4).
func TestParseRayStatus(t *testing.T) {
	want := map[string]struct {
		nodes int
		gpus  float64
	}{"one-node.txt": {1, 4}, "two-nodes.txt": {2, 8}, "worker-died.txt": {1, 4}}
	files, err := filepath.Glob("testdata/ray-status/*.txt")
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files, want %d (%v)", len(files), len(want), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		nodes, gpus, err := ParseRayStatus(string(b))
		if w := want[filepath.Base(f)]; err != nil || nodes != w.nodes || gpus != w.gpus {
			t.Errorf("%s: %d nodes, %g GPUs (%v), want %v", f, nodes, gpus, err, w)
		}
	}
	if _, _, err := ParseRayStatus("Traceback (most recent call last):"); err == nil {
		t.Error("something else was taken for a status")
	}
	if n, g, err := ParseRayStatus(strings.Join([]string{"", "Active:", " (no active nodes)", "Pending:"}, "\n")); n != 0 || g != 0 || err != nil {
		t.Error(n, g, err)
	}
}
