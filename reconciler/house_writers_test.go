package reconciler

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ownWriters are the files that write without drivers/durable, each with its reason.
var ownWriters = map[string]string{
	"drivers/durable/write.go":               "the one writer: renames and links",
	"drivers/durable/nameless_linux.go":      "the one writer: names a file that had none",
	"drivers/safefile/folder.go":             "renames what is to be removed, in the folder that was opened: durable goes by paths",
	"drivers/lustre/make.go":                 "a folder is published by renameat2(2) without replacing, which durable does not do",
	"drivers/suite/storage/native/runner.go": "a file whose time is measured against: part of the measured work",
	"dashboards/generate/main.go":            "generates files that are committed",
	"drivers/suite/selftest/external.go":     "a request's body in a temporary folder, for another client",
	"drivers/suite/selftest/gateway.go":      "a list of servers in a temporary folder",
	"drivers/container/imagetest/layout.go":  "an OCI image layout in a temporary folder, for tests",
}

// writers are the functions that give a file its content or its name.
var writers = map[string][]string{
	"os":                    {"Rename", "WriteFile", "Link"},
	"io/ioutil":             {"WriteFile"},
	"syscall":               {"Rename", "Renameat", "Link"},
	"golang.org/x/sys/unix": {"Rename", "Renameat", "Renameat2", "Link", "Linkat"},
}

// TestFilesAreWrittenByDurable: what must survive is written in one way. Temporary files that are not renamed are free.
func TestFilesAreWrittenByDurable(t *testing.T) {
	all, _ := house(t)
	unused := map[string]bool{}
	for path := range ownWriters {
		unused[path] = true
	}
	for _, s := range all {
		found := ownWrites(s)
		if _, ok := ownWriters[s.path]; ok {
			unused[s.path] = len(found) == 0
			continue
		}
		for _, f := range found {
			t.Errorf("%s: write it with assay/drivers/durable, or give a reason in ownWriters", f)
		}
	}
	for path, is := range unused {
		if is {
			t.Errorf("%s writes nothing by itself any more: take it off ownWriters", path)
		}
	}
}

// ownWrites lists the places of a file that write without durable.
func ownWrites(s source) (found []string) {
	names := map[string]string{} // in this file -> import path
	for _, spec := range s.file.Imports {
		imp, _ := strconv.Unquote(spec.Path.Value) // the parser has accepted it
		name := imp[strings.LastIndex(imp, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if _, ok := writers[imp]; ok && name == "." {
			found = append(found, fmt.Sprintf("%s imports %s without its name", s.path, imp))
		}
		names[name] = imp
	}
	for _, decl := range s.file.Decls {
		var temp string // where the declaration makes a temporary file
		renames := false
		ast.Inspect(decl, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			at := fmt.Sprintf("%s: %s", s.set.Position(sel.Pos()), sel.Sel.Name)
			renames = renames || slices.Contains([]string{"Rename", "Move", "Link", "Renameat2"}, sel.Sel.Name)
			if x, ok := sel.X.(*ast.Ident); ok {
				if slices.Contains(writers[names[x.Name]], sel.Sel.Name) {
					found = append(found, at)
				}
				if names[x.Name] == "os" && sel.Sel.Name == "CreateTemp" {
					temp = at
				}
			}
			return true
		})
		if temp != "" && renames {
			found = append(found, temp+" and a rename")
		}
	}
	return found
}

// TestOwnWritesAreFound shows that the check can fail.
func TestOwnWritesAreFound(t *testing.T) {
	for text, want := range map[string]int{
		`import "os"; func f() { os.WriteFile("a", nil, 0) }`:                                                  1,
		`import "os"; func f() { os.Rename("a", "b"); os.Link("a", "b") }`:                                     2,
		`import "os"; var rename = os.Rename`:                                                                  1,
		`import system "os"; func f() { system.Rename("a", "b") }`:                                             1,
		`import . "os"; func f() { Rename("a", "b") }`:                                                         1,
		`import "golang.org/x/sys/unix"; func f() { unix.Renameat2(0, "a", 0, "b", 0) }`:                       1,
		`import "syscall"; func f() { syscall.Link("a", "b") }`:                                                1,
		`import "os"; func f(w W) { t, _ := os.CreateTemp("", ""); w.Move(t.Name(), "b") }`:                    1,
		`import "os"; func f() { t, _ := os.CreateTemp("", ""); os.Rename(t.Name(), "b") }`:                    2,
		`import "os"; func f() { t, _ := os.CreateTemp("", ""); t.Close() }`:                                   0,
		`import "os"; func f() { os.Open("a"); os.Remove("a"); os.OpenFile("a", os.O_APPEND, 0) }`:             0,
		`import "assay/drivers/durable"; func f() { durable.Writer{}.Replace("a", nil, nil) }`:                 0,
		`import "example.org/os"; type T struct{}; func (T) Rename(a, b string) {}; func f() { T{}.Rename() }`: 0,
	} {
		if got := ownWrites(snippet(t, "a.go", "package a\n"+text)); len(got) != want {
			t.Errorf("%s\nfound %q, want %d", text, got, want)
		}
	}
}
