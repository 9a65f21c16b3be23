package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

// elsewhere are the examples that this test does not run, and what they need. All others need nothing but this machine.
var elsewhere = map[string]string{
	"capacity":        "minutes: a search goes on until it is certain (TestSearch has one)",
	"capacity-vector": "Chroma, and minutes",
	"endpoints-curve": "minutes: seconds at each of 8 points",
	"external":        "a server of somebody else",
	"storage":         "half a minute: quickstart measures a directory in the same way",
	"rag":             "Chroma",
	"slurm":           "Slurm and Chroma: make demo-slurm",
	"full-slurm":      "Slurm, Chroma and Prometheus: make demo-full (TestFull has the like)",
	"meluxina":        "MeluXina",
	"multinode":       "16 GPUs",
	"speculative":     "8 GPUs",
	"container":       "a cluster with Apptainer and GPUs",
}

// smaller makes an example short: fewer requests, repeats and points, and shorter phases.
var smaller = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`prompts: \d+`), "prompts: 20"},
	{regexp.MustCompile(`repeats: \d+`), "repeats: 1"},
	{regexp.MustCompile(`(rate|concurrency): \d+`), "${1}: 20"},
	{regexp.MustCompile(`stonewall: \d+s`), "stonewall: 1s"},
	{regexp.MustCompile(`concurrency: \[[\d, ]+\]`), "concurrency: [2]"},
}

func exampleFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(repository + "examples/*.yaml")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d examples, want 15: %v", len(files), err)
	}
	return files
}

// TestExamplesAreValid: each example is valid alone and beside all others, begins with what an editor needs and with what it is
// for, and can be planned.
func TestExamplesAreValid(t *testing.T) {
	beside(t, 5*time.Second)
	folder, err := filepath.Abs(repository + "examples")
	if err != nil {
		t.Fatal(err)
	}
	all := newTestWorld(t)
	if out, errs, code := all.run("validate", folder); code != 0 {
		t.Errorf("assay validate examples: exit code %d\n%s%s", code, out, errs)
	}
	for _, f := range exampleFiles(t) {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.SplitN(string(text), "\n", 3)
		if lines[0] != "# yaml-language-server: $schema=assay.schema.json" || !strings.HasPrefix(lines[1], "# ") {
			t.Errorf("%s: it begins with %q, want the line for editors and a comment that says what it is for", f, lines[:2])
		}
		w := newTestWorld(t, "HF_TOKEN=x")
		if err := os.WriteFile(filepath.Join(w.dir, ".hf_token"), []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		w.env = append(w.env, "HOME="+w.dir)
		if out, errs, code := w.run("plan", "--dry-run", "-f", filepath.Join(folder, filepath.Base(f))); code != 0 || !strings.Contains(out, "experiment ") {
			t.Errorf("assay plan --dry-run -f %s: exit code %d\n%s%s", f, code, out, errs)
		}
	}
}

// TestExamplesRun applies each example that needs nothing but this machine, with fewer requests: its services get Ready, its
// runs have results, and nothing is left.
func TestExamplesRun(t *testing.T) {
	t.Parallel()
	ran := 0
	for _, f := range exampleFiles(t) {
		name := strings.TrimSuffix(filepath.Base(f), ".yaml")
		if elsewhere[name] != "" {
			continue
		}
		ran++
		t.Run(name, func(t *testing.T) {
			beside(t, 10*time.Second)
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range smaller {
				text = s.what.ReplaceAll(text, []byte(s.by))
			}
			m, err := v1alpha1.Load([]v1alpha1.File{{Name: f, Data: text}}, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			e := m.Experiments[0]
			w := newTestWorld(t)
			w.must("apply", "-f", w.write("example.yaml", string(text)), "--timeout", "2m")
			ended := w.must("get", "runs", "-o", "json")
			for _, b := range e.Spec.Benchmarks {
				if !strings.Contains(ended, `"benchmark": "`+b.Name+`"`) {
					t.Errorf("benchmark %s has no run:\n%s", b.Name, ended)
				}
			}
			w.must("delete", "experiment", e.Metadata.Name, "--yes", "--timeout", "1m")
		})
	}
	if ran < 7 {
		t.Errorf("only %d examples run", ran)
	}
	for name := range elsewhere {
		if _, err := os.Stat(repository + "examples/" + name + ".yaml"); err != nil {
			t.Error(err)
		}
	}
}
