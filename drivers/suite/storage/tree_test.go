package storage

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/drivers"
)

// Only what carries the mark of this very run is removed: not a directory of the same name, not that of the same run of
// another state directory, which is perhaps writing right now.
func TestTree(t *testing.T) {
	measured, runs := t.TempDir(), t.TempDir()
	request := func(run string) drivers.SuiteRequest {
		return drivers.SuiteRequest{Run: run, Experiment: "e", Directory: measured}
	}
	begin := func(run, runs string) (Tree, error) { return MakeTree(request(run), filepath.Join(runs, run)) }
	names := func() (out []string) {
		there, _ := os.ReadDir(measured)
		for _, d := range there {
			out = append(out, d.Name())
		}
		return out
	}
	if err := os.Mkdir(filepath.Join(measured, ".assay-e-io-1-0123abcd"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := begin("io-1-0123abcd", runs); err == nil || !strings.Contains(err.Error(), "rm -r") {
		t.Errorf("a foreign directory of that name: %v", err)
	}
	for run, in := range map[string]string{"io-1-0123abcd-2": runs, "io-1-0123abcd-3": t.TempDir(), "io-2-0123abcd-2": runs} {
		tree, err := begin(run, in)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(tree.Root, "a/b"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tree.Root, "a/b/file"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := begin("io-1-0123abcd-4", runs)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{".assay-e-io-1-0123abcd", ".assay-e-io-1-0123abcd-3", ".assay-e-io-1-0123abcd-4", ".assay-e-io-2-0123abcd-2"}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if err := os.WriteFile(filepath.Join(tree.Root, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if left, err := tree.Remove(); err != nil || left != 1 || slices.Contains(names(), ".assay-e-io-1-0123abcd-4") {
		t.Errorf("%d files, %v: %v", left, err, names())
	}
	other := Tree{filepath.Join(measured, ".assay-e-io-1-0123abcd"), tree.mark}
	if _, err := other.Remove(); err == nil || !slices.Contains(names(), ".assay-e-io-1-0123abcd") {
		t.Errorf("a directory without a mark was removed: %v", err)
	}
}
