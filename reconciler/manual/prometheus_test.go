package manual

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write text/prometheus.md")

// exporters are the folders whose code serves metrics, and what of it they are.
var exporters = []struct{ folder, title string }{
	{"../", "Controller"},
	{"../../drivers/hardware", "Nodes and GPUs, by the agent of each job"},
	{"../../drivers/service/gateway", "Gateways"},
}

// TestPrometheusPageIsCurrent: each metric that the code exports is on the page of metrics with its help, and no other one is.
func TestPrometheusPageIsCurrent(t *testing.T) {
	var b strings.Builder
	b.WriteString("## Of Prometheus\n\nWhat assay itself exports. Servers add their own: `vllm:*` of vLLM, for example.\n")
	for _, e := range exporters {
		all := exported(t, e.folder)
		if len(all) < 5 {
			t.Fatalf("only %d metrics were found in %s: the search is broken", len(all), e.folder)
		}
		fmt.Fprintf(&b, "\n### %s\n\n| Metric | Meaning |\n|---|---|\n", e.title)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, escape(all[name]))
		}
	}
	path := "text/" + prometheusFile
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	is, err := os.ReadFile(path)
	if err != nil || string(is) != b.String() {
		t.Errorf("%s is not what the code exports (%v); type: go test ./reconciler/manual -run Prometheus -update", path, err)
	}
}

var metricName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(<\w+>[a-z0-9_]*)?$`)

// exported are the metrics with their help that the files of a folder name: as the first two arguments of a call, or as name and
// help of a literal.
func exported(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	add := func(name, help string) {
		if metricName.MatchString(name) && strings.Contains(name, "_") && strings.HasSuffix(help, ".") {
			out[name] = help
		}
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if len(n.Args) > 1 {
					add(literal(n.Args[0]), literal(n.Args[1]))
				}
			case *ast.CompositeLit:
				words := map[string]string{}
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						if key, ok := kv.Key.(*ast.Ident); ok {
							words[key.Name] = literal(kv.Value)
						}
					}
				}
				add(words["Name"], words["Help"])
				add(words["metric"], words["help"])
			}
			return true
		})
	}
	return out
}

// literal is the text of a constant; what is put together has the names of its variables in angle brackets.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, _ := strconv.Unquote(e.Value) // a number stays empty, and is no name
		return s
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	case *ast.Ident:
		return "<" + e.Name + ">"
	}
	return ""
}
