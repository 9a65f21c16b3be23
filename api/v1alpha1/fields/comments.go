package fields

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
	"sync"

	"assay/api/v1alpha1"
)

// comment is what the sources say of a type, and of its fields by their Go names.
type comment struct {
	doc    string
	fields map[string]string
	shared map[string]string // of fields without one: the comment before them that names them
}

// comments are those of all structs of v1alpha1, by the names of their types.
var comments = sync.OnceValue(func() map[string]comment {
	out := map[string]comment{}
	names, err := fs.Glob(v1alpha1.Sources, "*.go")
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || err != nil {
			continue
		}
		var text []byte
		if text, err = v1alpha1.Sources.ReadFile(name); err != nil {
			break
		}
		var file *ast.File
		if file, err = parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution); err == nil {
			collect(file, out)
		}
	}
	if err != nil {
		panic("fields: the sources in this binary: " + err.Error()) // they were compiled
	}
	return out
})

// collect adds the structs of a file.
func collect(file *ast.File, to map[string]comment) {
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			t, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			c := comment{doc: oneLine(group.Doc.Text() + t.Doc.Text()), fields: map[string]string{}, shared: map[string]string{}}
			if s, ok := t.Type.(*ast.StructType); ok {
				c.read(s)
			}
			to[t.Name.Name] = c
		}
	}
}

// read keeps the comments of a struct's fields. One that names fields which follow it is shared by them.
func (c comment) read(s *ast.StructType) {
	last := ""
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			doc, line := oneLine(f.Doc.Text()), oneLine(f.Comment.Text())
			if doc != "" {
				last = doc
			}
			switch {
			case doc != "" && line != "":
				c.fields[name.Name] = doc + " " + upper(line)
			case doc+line != "":
				c.fields[name.Name] = doc + line
			case hasWord(last, name.Name):
				c.shared[name.Name] = last
			}
		}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func hasWord(text, word string) bool {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '.' || r == ';' || r == ':' }) {
		if w == word {
			return true
		}
	}
	return false
}

func upper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
