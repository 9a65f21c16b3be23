package v1alpha1

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what is said into testdata/bad and testdata/newcomers; read the difference before you keep it")

// hpc is the Slurm site that tests know besides local.
func hpc(t testing.TB) Site {
	t.Helper()
	data, err := os.ReadFile("testdata/hpc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load([]File{{"hpc.yaml", data}}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	return m.Sites[0]
}

// TestBad expects exactly the problems of each rule.
func TestBad(t *testing.T) { refused(t, "testdata/bad", 30) }

// TestNewcomers expects the line, the reason and the remedy for what people write who know other programs.
func TestNewcomers(t *testing.T) { refused(t, "testdata/newcomers", 40) }

// refused loads every manifest NAME.yaml of a folder's archives and expects exactly the problems of NAME.want.
func refused(t *testing.T, folder string, least int) {
	t.Helper()
	archives, err := filepath.Glob(folder + "/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	sites := map[string]Site{"hpc": hpc(t)}
	manifests := 0
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, f := range archive.Files {
			want[f.Name] = string(f.Data)
		}
		out := &txtar.Archive{Comment: archive.Comment}
		for _, f := range archive.Files {
			name, ok := strings.CutSuffix(f.Name, ".yaml")
			if !ok {
				continue
			}
			manifests++
			_, err := Load([]File{{f.Name, f.Data}}, sites, "local")
			var list *multierror.Error
			if !errors.As(err, &list) {
				t.Errorf("%s: %s was accepted: %v", path, f.Name, err)
				continue
			}
			got := err.Error() + "\n"
			out.Files = append(out.Files, f, txtar.File{Name: name + ".want", Data: []byte(got)})
			if diff := cmp.Diff(want[name+".want"], got); diff != "" && !*update {
				t.Errorf("%s: %s (-want +got)\n%s", path, f.Name, diff)
			}
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(out), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if manifests < least {
		t.Errorf("found %d manifests in %s, there should be %d", manifests, folder, least)
	}
}
