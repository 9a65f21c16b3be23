package v1alpha1

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzDecode checks that nothing makes Decode or Load panic, that every problem has a place, and that what decodes is
// encoded to something that decodes to the same.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/good/*", "../../examples/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	archives, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			f.Add(file.Data)
		}
	}
	sites := map[string]Site{"hpc": hpc(f)}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := []File{{"in.yaml", data}}
		if m, err := Load(files, sites, ""); err == nil {
			text := encodeAll(t, m)
			again, err := Load([]File{{"in.yaml", text}}, sites, "")
			if err != nil {
				t.Fatalf("a resolved manifest is refused: %v\n%s", err, text)
			}
			same(t, m, again)
		}
		m, err := Decode(files)
		if err != nil {
			placed(t, err)
			return
		}
		text := encodeAll(t, m)
		again, err := Decode([]File{{"in.yaml", text}})
		if err != nil {
			t.Fatalf("what was encoded is refused: %v\n%s", err, text)
		}
		same(t, m, again)
	})
}

func same(t *testing.T, a, b Manifest) {
	t.Helper()
	place := cmpopts.IgnoreFields(ExperimentDoc{}, "File", "Line", "doc")
	if diff := cmp.Diff(a, b, place); diff != "" {
		t.Fatalf("(-first +second)\n%s", diff)
	}
}

func placed(t *testing.T, err error) {
	t.Helper()
	list, ok := err.(interface{ WrappedErrors() []error })
	if !ok {
		t.Fatalf("not a list of problems: %T", err)
	}
	for _, e := range list.WrappedErrors() {
		if p, ok := e.(Problem); !ok || p.File == "" || p.Line < 1 || p.Col < 1 || p.Message == "" {
			t.Fatalf("a problem without a place: %#v", e)
		}
	}
}
