package plan

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"assay/drivers"
)

// camelCase is what a reason looks like.
var camelCase = regexp.MustCompile(`^[A-Z][A-Za-z]*$`)

// parseFiles parses the files of folders that are no tests.
func parseFiles(t *testing.T, folders ...string) map[string]*ast.File {
	t.Helper()
	out := map[string]*ast.File{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no Go files in %s: %v", folder, err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			out[path] = f
		}
	}
	return out
}

// constants are the names and values of the constants of a type in a file.
func constants(f *ast.File, typ string) map[string]string {
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Type == nil {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); !ok || id.Name != typ {
			return true
		}
		for i, name := range v.Names {
			out[name.Name] = ""
			if lit, ok := v.Values[i].(*ast.BasicLit); ok {
				out[name.Name], _ = strconv.Unquote(lit.Value)
			}
		}
		return true
	})
	return out
}

// TestReasonsAreConstants: a reason is written once, in reasons.go; elsewhere in the core its constant is used.
func TestReasonsAreConstants(t *testing.T) {
	for path, f := range parseFiles(t, ".", "..") {
		if filepath.Base(path) == "reasons.go" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec, *ast.Field: // paths and tags
				return false
			case *ast.ValueSpec: // constants of another type: verbs, symbols, types of events
				id, ok := n.Type.(*ast.Ident)
				return !ok || id.Name == "Reason"
			case *ast.BasicLit:
				if word, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && camelCase.MatchString(word) && !notReasons[word] {
					t.Errorf("%s: %q looks like a reason: make it a constant in reasons.go, with advice", path, word)
				}
			}
			return true
		})
	}
}

// notReasons are words that look like reasons and are none.
var notReasons = map[string]bool{
	"NONCE": true, "STORE": true, // stand for what a job gets when it is submitted
	"Stop": true, // a value of whenDone and of sweep.onFailure
}

// TestEveryReasonHasAdvice: each says in one line what the user can do; and no advice is of a reason that is gone.
func TestEveryReasonHasAdvice(t *testing.T) {
	own := map[Reason]bool{CommandNotFound: true, Missing: true, InsecureRay: true, NoKey: true, OnNode: true, OpenRanks: true, ProbeFailing: true, NotAnswering: true, PortTaken: true, Restarted: true, ReadyAgain: true, GivenUp: true}
	for name, value := range constants(parseFiles(t, ".")["reasons.go"], "Reason") {
		if value != "" {
			own[Reason(value)] = true
		}
		if value != "" && value != name && name != "RunByOthers" {
			t.Errorf("constant %s is of reason %s", name, value)
		}
	}
	if len(own) < 90 {
		t.Fatalf("only %d reasons were found", len(own))
	}
	for r := range own {
		line := Advice(r)
		if line == "" || strings.Contains(line, "\n") || strings.HasSuffix(line, ".") || line[:1] != strings.ToLower(line[:1]) {
			t.Errorf("reason %s: the advice %q is not one short line", r, line)
		}
	}
	for r := range advice {
		if !own[r] && !drivers.JobState(r).Terminal() && r != Reason(drivers.JobCompleting) {
			t.Errorf("advice is given for %s, which no longer exists", r)
		}
	}
}

// TestEveryVerbCanFail: what cannot be done is an event with a reason of its own.
func TestEveryVerbCanFail(t *testing.T) {
	verbs := constants(parseFiles(t, ".")["result.go"], "Verb")
	if len(verbs) < 12 {
		t.Fatalf("found only the verbs %v", verbs)
	}
	for _, v := range verbs {
		if string(Verb(v).Failed()) != v+"Failed" {
			t.Errorf("what is the reason when %s fails? %q", v, Verb(v).Failed())
		}
	}
}

// TestEveryReasonIsUsed finds reasons that nothing gives any more.
func TestEveryReasonIsUsed(t *testing.T) {
	used := map[string]bool{}
	files := parseFiles(t, ".", "..", "../store")
	for path, f := range files {
		if filepath.Base(path) == "reasons.go" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok && filepath.Base(path) == "advice.go" {
				n = kv.Value // the key of advice is no use of it
				if _, isLit := n.(*ast.BasicLit); isLit {
					return false
				}
				if id, ok := n.(*ast.Ident); ok {
					used[id.Name] = true
				}
				return false
			}
			if id, ok := n.(*ast.Ident); ok {
				used[id.Name] = true
			}
			return true
		})
	}
	for name := range constants(files["reasons.go"], "Reason") {
		if !used[name] {
			t.Errorf("no rule gives the reason %s", name)
		}
	}
}
