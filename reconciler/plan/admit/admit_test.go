package admit

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"assay/api/v1alpha1"
)

var update = flag.Bool("update", false, "write what is said into testdata; read the difference before you keep it")

// TestAdmission loads every manifest NAME.yaml of testdata with the site of its archive, and expects exactly what NAME.want
// says: problems, and warnings.
func TestAdmission(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, f := range archive.Files {
			files[f.Name] = f.Data
		}
		out := &txtar.Archive{Comment: archive.Comment}
		for _, f := range archive.Files {
			name, ok := strings.CutSuffix(f.Name, ".yaml")
			if !ok {
				continue
			}
			out.Files = append(out.Files, f)
			if name == "site" {
				continue
			}
			got := said([]v1alpha1.File{{Name: "site.yaml", Data: files["site.yaml"]}, {Name: f.Name, Data: f.Data}}, at)
			out.Files = append(out.Files, txtar.File{Name: name + ".want", Data: []byte(got)})
			if diff := cmp.Diff(string(files[name+".want"]), got); diff != "" && !*update {
				t.Errorf("%s: %s (-want +got)\n%s", path, f.Name, diff)
			}
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(out), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func said(files []v1alpha1.File, at time.Time) string {
	m, err := v1alpha1.Load(files, nil, "", Rule("me", at))
	var b strings.Builder
	if err != nil {
		fmt.Fprintln(&b, err)
	}
	for _, w := range m.Warnings {
		fmt.Fprintln(&b, "warning:", w)
	}
	if b.Len() == 0 {
		return "admitted\n"
	}
	return b.String()
}
