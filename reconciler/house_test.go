package reconciler

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// source is one Go file of the module that is not a test.
type source struct {
	path  string // from the repository's root
	file  *ast.File
	set   *token.FileSet
	lines int
}

// parse reads a file from its text.
func parse(name string, text []byte) (source, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return source{name, file, set, bytes.Count(text, []byte("\n"))}, err
}

const root = ".." // of the repository

// module parses every file once; files for other systems are among them.
var module = sync.OnceValues(func() ([]source, error) {
	var out []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		s, err := parse(strings.TrimPrefix(filepath.ToSlash(name), root+"/"), text)
		out = append(out, s)
		return err
	})
	return out, err
})

// house returns the module's files, and by folder.
func house(t *testing.T) (all []source, folders map[string][]source) {
	t.Helper()
	all, err := module()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 100 {
		t.Fatalf("only %d files were found: the walk is broken", len(all))
	}
	folders = map[string][]source{}
	for _, s := range all {
		dir := path.Dir(s.path)
		folders[dir] = append(folders[dir], s)
	}
	return all, folders
}

// snippet is a file of a self-test.
func snippet(t *testing.T, name, text string) source {
	t.Helper()
	s, err := parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
