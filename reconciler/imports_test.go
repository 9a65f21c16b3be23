package reconciler

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers says what each part of the house can import of the others. The longest prefix decides.
// Imports point one way: api <- drivers (interfaces) <- plan <- store, agent <- reconciler <- cmd.
// Only cmd imports implementations of drivers.
var layers = map[string][]string{
	"assay/api":                {"assay/api"},
	"assay/drivers":            {"assay/api"},
	"assay/drivers/":           {"assay/api", "assay/drivers"}, // implementations; and see helpers
	"assay/reconciler/decide":  {},
	"assay/reconciler/plan":    {"assay/api", "assay/drivers", "assay/reconciler/decide"},
	"assay/reconciler/probe":   {"assay/api", "assay/drivers"},
	"assay/reconciler/store":   {"assay/api", "assay/drivers", "assay/reconciler/plan"},
	"assay/reconciler/agent":   {"assay/api", "assay/drivers", "assay/reconciler/probe", "assay/reconciler/redact"},
	"assay/reconciler/redact":  {},
	"assay/reconciler/each":    {},
	"assay/reconciler/plain":   {},
	"assay/reconciler/results": {"assay/api", "assay/drivers", "assay/reconciler/decide", "assay/reconciler/plan"},
	"assay/reconciler/gate":    {"assay/api", "assay/reconciler/decide", "assay/reconciler/results"},
	"assay/reconciler/compare": {"assay/reconciler/decide", "assay/reconciler/gate", "assay/reconciler/plan", "assay/reconciler/results"},
	"assay/reconciler/changes": {"assay/reconciler/decide", "assay/reconciler/results"},
	"assay/reconciler/chart":   {}, // what it draws is handed in
	"assay/reconciler/pages":   {},
	"assay/reconciler/report":  {"assay/api", "assay/reconciler/changes", "assay/reconciler/chart", "assay/reconciler/pages", "assay/reconciler/compare", "assay/reconciler/decide", "assay/reconciler/gate", "assay/reconciler/results"},
	"assay/reconciler":         {"assay/api", "assay/drivers", "assay/reconciler/decide", "assay/reconciler/plan", "assay/reconciler/plan/admit", "assay/reconciler/results", "assay/reconciler/store"},
	"assay/dashboards":         {}, // files for Grafana, which know nothing of the rest
	"assay/cmd":                {"assay/"},

	"assay/dashboards/generate": {"assay/reconciler/results"}, // a command that writes the files for Grafana
	// What the command line reads and stores.
	"assay/reconciler/plan/admit":      {"assay/api", "assay/drivers", "assay/reconciler/plan"},       // pure; it is handed to what reads manifests
	"assay/reconciler/plan/admittest":  {"assay/api", "assay/drivers", "assay/reconciler/plan/admit"}, // for tests
	"assay/reconciler/accept":          {"assay/api", "assay/drivers", "assay/reconciler/plan", "assay/reconciler/store"},
	"assay/reconciler/view":            {"assay/api", "assay/drivers", "assay/reconciler/plan", "assay/reconciler/store", "assay/reconciler/view/text"},
	"assay/reconciler/view/text":       {},                                                                   // what it shows is handed in
	"assay/reconciler/store/storetest": {"assay/drivers", "assay/reconciler/plan", "assay/reconciler/store"}, // for tests
	"assay/reconciler/web": {"assay/api", "assay/drivers", "assay/reconciler/chart", "assay/reconciler/compare", "assay/reconciler/gate", "assay/reconciler/logs", "assay/reconciler/pages", "assay/reconciler/plan",
		"assay/reconciler/results", "assay/reconciler/results/resultset", "assay/reconciler/store", "assay/reconciler/view", "assay/reconciler/view/text"},
	"assay/reconciler/mcpserver":         {}, // the verbs that it runs are handed in
	"assay/reconciler/gc":                {"assay/api", "assay/drivers", "assay/reconciler/plan", "assay/reconciler/store"},
	"assay/reconciler/logs":              {"assay/api", "assay/drivers", "assay/reconciler/plan", "assay/reconciler/store"},
	"assay/reconciler/endpoints":         {"assay/api", "assay/drivers", "assay/reconciler/store"},
	"assay/reconciler/resident":          {"assay/api", "assay/reconciler/store"},
	"assay/reconciler/bundle":            {"assay/drivers", "assay/reconciler/redact", "assay/reconciler/store"},
	"assay/reconciler/results/resultset": {"assay/api", "assay/drivers", "assay/reconciler/compare", "assay/reconciler/gate", "assay/reconciler/plan", "assay/reconciler/results", "assay/reconciler/store"}, // reads a store, so apart from results
}

// helpers are packages under drivers/ that its other packages may use: they implement no interface of drivers.
var helpers = []string{"assay/drivers/constraint", "assay/drivers/lockfile", "assay/drivers/suite/loadgen/socket"}

// texts are what every layer above the drivers may use on what it shows or stores: it keeps out secrets and control characters.
var texts = []string{"assay/reconciler/redact", "assay/reconciler/plain"}

// foundations are what every layer that does I/O may use: files that must survive, what a process is, whose files are
// believed, answers that are bounded, how to listen, and waiting for many at once.
var foundations = []string{"assay/drivers/durable", "assay/drivers/procid", "assay/drivers/safefile", "assay/drivers/bounded", "assay/drivers/listen", "assay/reconciler/each"}

// pure are the layers that do no I/O.
var pure = []string{"assay/api", "assay/drivers", "assay/reconciler/decide", "assay/reconciler/plan", "assay/reconciler/plan/admit", "assay/reconciler/redact", "assay/reconciler/results", "assay/reconciler/gate", "assay/reconciler/compare", "assay/reconciler/changes"}

// TestImportsPointOneWay reads the imports of every package of the module, tests aside: those may use anything as a part.
func TestImportsPointOneWay(t *testing.T) {
	seen := 0
	for pkg, imports := range moduleImports(t) {
		layer, allowed := layerOf(pkg)
		if layer == "" {
			t.Errorf("%s is in no layer: say in layers what it may import", pkg)
			continue
		}
		for _, imp := range imports {
			seen++
			if !may(pkg, layer, allowed, imp) {
				t.Errorf("%s imports %s, but %s may import only %s", pkg, imp, layer, strings.Join(allowed, ", "))
			}
		}
	}
	if seen < 10 {
		t.Fatalf("only %d imports were checked: the walk is broken", seen)
	}
}

func layerOf(pkg string) (layer string, allowed []string) {
	for l, a := range layers {
		if (pkg == l || strings.HasPrefix(pkg, strings.TrimSuffix(l, "/")+"/")) && len(l) > len(layer) && l != pkg+"/" { // "x/" is what lies below x
			layer, allowed = l, a
		}
	}
	return layer, allowed
}

func may(pkg, layer string, allowed []string, imp string) bool {
	within := func(root string) bool { return imp == root || strings.HasPrefix(imp, root+"/") }
	if layer == "assay/dashboards" {
		return within(layer)
	}
	if layer == "assay/cmd" || within("assay/api") {
		return layer != "assay/api" || within("assay/api")
	}
	if slices.Contains(allowed, imp) || slices.Contains(foundations, imp) && !slices.Contains(pure, layer) {
		return true
	}
	if layer != "assay/drivers/" {
		return slices.Contains(texts, imp) && strings.HasPrefix(layer, "assay/reconciler")
	}
	// An implementation may be several packages, nested; and it may use a helper.
	family := strings.Join(strings.SplitN(pkg, "/", 4)[:3], "/")
	return within(family) || slices.ContainsFunc(helpers, within)
}

// moduleImports maps every package of the module to what it imports of the module.
func moduleImports(t *testing.T) map[string][]string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := "assay/" + filepath.ToSlash(rel)
		for _, spec := range file.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if strings.HasPrefix(imp, "assay/") {
				out[pkg] = append(out[pkg], imp)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLayersRefuse shows that the check can fail.
func TestLayersRefuse(t *testing.T) {
	for _, c := range []struct {
		pkg, imp string
		want     bool
	}{
		{"assay/api/v1alpha1", "assay/drivers", false},
		{"assay/drivers", "assay/drivers/slurm", false},
		{"assay/drivers/slurm", "assay/drivers", true},
		{"assay/drivers/slurm", "assay/drivers/local", false},
		{"assay/drivers/slurm", "assay/reconciler/plan", false},
		{"assay/drivers/slurm/cluster", "assay/drivers/slurm", true},
		{"assay/drivers/suite/serving", "assay/drivers/constraint", true},
		{"assay/reconciler/plan", "assay/reconciler/store", false},
		{"assay/reconciler/store", "assay/reconciler", false},
		{"assay/reconciler/store", "assay/drivers/durable", true},
		{"assay/drivers/local", "assay/drivers/procid", true},
		{"assay/reconciler/plan", "assay/drivers/durable", false},
		{"assay/drivers/service/simulator", "assay/drivers/constraint", true},
		{"assay/drivers/service", "assay/drivers/suite", false},
		{"assay/drivers/container", "assay/drivers/service", false},
		{"assay/reconciler/report", "assay/drivers/suite/storage", false},
		{"assay/reconciler/agent", "assay/reconciler/plan", false},
		{"assay/reconciler/gc", "assay/reconciler/store", true},
		{"assay/reconciler/gc", "assay/drivers/durable", true},
		{"assay/reconciler/gc", "assay/reconciler/logs", false},
		{"assay/reconciler/bundle", "assay/reconciler/agent", false},
		{"assay/reconciler/logs", "assay/drivers/slurm", false},
		{"assay/reconciler", "assay/drivers/slurm", false},
		{"assay/reconciler", "assay/reconciler/store", true},
		{"assay/cmd/assay", "assay/drivers/slurm", true},
		{"assay/cmd/assay", "assay/dashboards", true},
		{"assay/api/v1alpha1", "assay/dashboards", false},
		{"assay/drivers/service", "assay/dashboards", false},
		{"assay/dashboards", "assay/api/v1alpha1", false},
		{"assay/dashboards", "assay/reconciler/results", false},
		{"assay/dashboards/generate", "assay/reconciler/results", true},
		{"assay/reconciler/report", "assay/drivers/suite/storage", false},
	} {
		layer, allowed := layerOf(c.pkg)
		if got := may(c.pkg, layer, allowed, c.imp); got != c.want {
			t.Errorf("may %s import %s: %v, want %v", c.pkg, c.imp, got, c.want)
		}
	}
}
