package source

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadEach: what cannot be read is a problem, and everything else is read.
func TestReadEach(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.yaml": "a", "sub/b.yml": "b", ".hidden.yaml": "x", "notes.txt": "x", "big.yaml": strings.Repeat("x", 2<<20)} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "dangling.yaml")); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	files, unread, err := ReadEach(context.Background(), []string{dir, "-", filepath.Join(dir, "missing.yaml"), empty}, strings.NewReader("in"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range files {
		got[strings.TrimPrefix(f.Name, dir+"/")] = string(f.Data)
	}
	if diff := cmp.Diff(map[string]string{"a.yaml": "a", "sub/b.yml": "b", stdinName: "in"}, got); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
	var faults []string
	for _, p := range unread {
		faults = append(faults, strings.ReplaceAll(p.Error(), dir+"/", ""))
	}
	for i, want := range []string{"big.yaml:1:1: cannot be read: ", "dangling.yaml:1:1: cannot be read: ", "missing.yaml:1:1: cannot be read: no such file", "empty:1:1: cannot be read: it holds no "} {
		if len(faults) != 4 || !strings.HasPrefix(faults[i], want) {
			t.Errorf("problem %d of %q does not begin with %q", i, faults, want)
		}
	}
}
