package results_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the source of the packages that have been read. Imports from outside the module are empty packages: what
// matters here is which maps are metrics and what their keys are, and the module alone says that.
type module struct {
	t     *testing.T
	root  string
	extra map[string]string // further source text by package
	fset  *token.FileSet
	info  types.Info
	pkgs  map[string]*types.Package
	files []*ast.File

	assigned map[types.Object][]ast.Expr // what is assigned to a variable or a field, or passed for a parameter
	ranged   map[types.Object][]ast.Expr // the keys or elements that a variable ranges over
	opaque   map[types.Object]bool       // assigned in a way that is not followed
}

func readModule(t *testing.T, extra map[string]string) *module {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	m := &module{t: t, root: root, extra: extra, fset: token.NewFileSet(), pkgs: map[string]*types.Package{},
		info:     types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}},
		assigned: map[types.Object][]ast.Expr{}, ranged: map[types.Object][]ast.Expr{}, opaque: map[types.Object]bool{}}
	err = filepath.WalkDir(filepath.Join(root, "drivers", "suite"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if d.Name() == "testdata" {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err == nil {
			_, err = m.Import("assay/" + filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range m.files {
		ast.Inspect(f, m.follow)
	}
	return m
}

// Import implements types.Importer.
func (m *module) Import(path string) (*types.Package, error) {
	if p := m.pkgs[path]; p != nil {
		return p, nil
	}
	inside, ok := strings.CutPrefix(path, "assay/")
	if !ok {
		p := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
		p.MarkComplete()
		m.pkgs[path] = p
		return p, nil
	}
	dir := filepath.Join(m.root, filepath.FromSlash(inside))
	b, err := build.ImportDir(dir, 0)
	if _, none := errors.AsType[*build.NoGoError](err); none {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range b.GoFiles {
		f, err := parser.ParseFile(m.fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if text := m.extra[path]; text != "" {
		f, err := parser.ParseFile(m.fset, "extra.go", text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	c := types.Config{Importer: m, Error: func(error) {}, FakeImportC: true} // what is not of the module does not resolve
	p, _ := c.Check(path, m.fset, files, &m.info)
	m.pkgs[path] = p
	if strings.HasPrefix(path, "assay/drivers/suite") {
		m.files = append(m.files, files...)
	}
	return p, nil
}

// follow notes where values come from.
func (m *module) follow(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for i, l := range n.Lhs {
			if obj := m.object(l); obj != nil && len(n.Lhs) == len(n.Rhs) && n.Tok != token.ADD_ASSIGN {
				m.assigned[obj] = append(m.assigned[obj], n.Rhs[i])
			} else if obj != nil {
				m.opaque[obj] = true
			}
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && m.info.Uses[key] != nil { // a field of a struct
			m.assigned[m.info.Uses[key]] = append(m.assigned[m.info.Uses[key]], n.Value)
		}
	case *ast.RangeStmt:
		m.followRange(n)
	case *ast.CallExpr:
		for i, param := range m.params(n.Fun) {
			if i < len(n.Args) {
				m.assigned[param] = append(m.assigned[param], n.Args[i])
			}
		}
	}
	return true
}

// params are those of what is called: a function, or a variable that holds one. None where their number varies.
func (m *module) params(called ast.Expr) (out []types.Object) {
	obj := m.object(called)
	if f, ok := obj.(*types.Func); ok && !f.Signature().Variadic() {
		for v := range f.Signature().Params().Variables() {
			out = append(out, v)
		}
		return out
	}
	if obj == nil {
		return nil
	}
	for _, e := range m.assigned[obj] {
		if lit, ok := e.(*ast.FuncLit); ok {
			for _, field := range lit.Type.Params.List {
				for _, name := range field.Names {
					out = append(out, m.info.Defs[name])
				}
			}
		}
	}
	return out
}

// followRange notes the keys and values of a literal that a loop goes through, and of a package's variable that is one.
func (m *module) followRange(n *ast.RangeStmt) {
	lit, ok := n.X.(*ast.CompositeLit)
	if !ok {
		return
	}
	for _, e := range lit.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		if key := m.object(n.Key); key != nil && keyed {
			m.ranged[key] = append(m.ranged[key], kv.Key)
		}
		if value := m.object(n.Value); value != nil && !keyed {
			m.ranged[value] = append(m.ranged[value], e)
		}
	}
}

// object is what a name or a selector stands for.
func (m *module) object(e ast.Expr) types.Object {
	switch e := e.(type) {
	case *ast.Ident:
		if obj := m.info.Defs[e]; obj != nil {
			return obj
		}
		return m.info.Uses[e]
	case *ast.SelectorExpr:
		return m.info.Uses[e.Sel]
	}
	return nil
}

// hole stands for a part of a name that is known only when the suite runs.
const hole = "*"

// names are the texts that an expression can have.
func (m *module) names(e ast.Expr, seen []types.Object) []string {
	if tv := m.info.Types[e]; tv.Value != nil && tv.Value.Kind() == constant.String {
		return []string{constant.StringVal(tv.Value)}
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return m.names(e.X, seen)
	case *ast.BinaryExpr:
		return product(m.names(e.X, seen), m.names(e.Y, seen))
	case *ast.CallExpr:
		return m.formatted(e, seen)
	}
	obj := m.object(e)
	if obj == nil || slices.Contains(seen, obj) || m.opaque[obj] {
		return []string{hole}
	}
	var out []string
	for _, source := range slices.Concat(m.assigned[obj], m.ranged[obj]) {
		out = append(out, m.names(source, append(slices.Clone(seen), obj))...)
	}
	if len(out) == 0 {
		return []string{hole}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// formatted are the texts that Sprintf makes of a constant format; a hole for any other call.
func (m *module) formatted(call *ast.CallExpr, seen []types.Object) []string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Sprintf" || len(call.Args) == 0 {
		return []string{hole}
	}
	format, args, out := m.names(call.Args[0], seen)[0], call.Args[1:], []string{""}
	for len(args) > 0 {
		before, after, found := strings.Cut(format, "%")
		if !found {
			break
		}
		out, format = product(product(out, []string{before}), m.names(args[0], seen)), after[1:]
		args = args[1:]
	}
	return product(out, []string{format})
}

func product(a, b []string) (out []string) {
	for _, x := range a {
		for _, y := range b {
			out = append(out, strings.ReplaceAll(x+y, hole+hole, hole))
		}
	}
	return out
}

// written are the names under which the suites write metrics, each with where: keys that are assigned in a map from name to
// number, and those of a literal of such a map, unless a loop only goes through it.
func (m *module) written() map[string]string {
	out, only := map[string]string{}, map[ast.Expr]bool{}
	add := func(key ast.Expr) {
		for _, name := range m.names(key, nil) {
			if name != hole {
				p := m.fset.Position(key.Pos())
				out[name] = fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line)
			}
		}
	}
	numbers := types.NewMap(types.Typ[types.String], types.Typ[types.Float64])
	is := func(e ast.Expr) bool {
		tv := m.info.Types[e]
		return tv.Type != nil && types.Identical(tv.Type, numbers)
	}
	for _, f := range m.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.RangeStmt:
				only[n.X] = true
			case *ast.AssignStmt:
				for _, l := range n.Lhs {
					if i, ok := l.(*ast.IndexExpr); ok && is(i.X) {
						add(i.Index)
					}
				}
			case *ast.CompositeLit:
				if only[n] || !is(n) {
					return true
				}
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						add(kv.Key)
					}
				}
			}
			return true
		})
	}
	return out
}
