package slurm

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/rogpeppe/go-internal/txtar"

	"assay/api/v1alpha1"
)

var update = flag.Bool("update", false, "write what is found into testdata")

// key is a command as the recordings name it: without the list of fields.
func key(name string, args []string) string {
	words := []string{name}
	for _, w := range args {
		if !strings.HasPrefix(strings.TrimLeft(w, "-"), "format=") {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

// recorded answers with what a cluster once printed.
func recorded(a *txtar.Archive) func(name string, args ...string) answer {
	return func(name string, args ...string) answer {
		for _, f := range a.Files {
			if text, failed := strings.CutPrefix(string(f.Data), "FAILED "); f.Name == key(name, args) && failed {
				return answer{code: 1, text: strings.TrimSpace(text)}
			} else if f.Name == key(name, args) {
				return answer{out: text}
			}
		}
		return answer{code: 1, text: "not recorded: " + key(name, args)}
	}
}

// said is what was found, for people.
func said(t *testing.T, f Facts) string {
	t.Helper()
	b, err := v1alpha1.Encode(f.Spec)
	if err != nil {
		t.Fatal(err)
	}
	out := fmt.Sprintf("Slurm %s, cluster %s\n%s", f.Spec.SlurmVersion, f.Cluster, b)
	for _, n := range f.Notes {
		out += strings.TrimSpace(n.Field+" "+n.Name) + ": " + n.Text + "\n"
	}
	return out
}

// TestFacts reads what three versions of Slurm printed, with accounting and without, and compares with the section "want" of the
// recording. The cluster has nodes of two kinds, six partitions and more, of which some are closed to the user.
func TestFacts(t *testing.T) {
	zone := time.Local // Slurm prints times of the machine's zone; that of the recordings was UTC
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = zone })
	files, err := filepath.Glob("testdata/facts/*.txtar")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			who := Person{Name: "assay", UID: 1000, Groups: []string{"assay"}}
			if strings.Contains(string(a.Comment), "printed to root") {
				who = Person{Name: "root", Groups: []string{"root"}}
			}
			f, err := readFacts(who, recorded(a))
			if err != nil {
				t.Fatal(err)
			}
			got, want := said(t, f), ""
			last := &a.Files[len(a.Files)-1]
			if last.Name == "want" {
				want = string(last.Data)
			}
			if got == want {
				return
			}
			if *update {
				if last.Name != "want" {
					a.Files = append(a.Files, txtar.File{Name: "want"})
				}
				a.Files[len(a.Files)-1].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s", diff.Diff("want", []byte(want), "got", []byte(got)))
		})
	}
}
