package gc

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// TestFilesOfLaptops: what a revision names stays, also an older one of a declared experiment and one of an experiment whose job
// lives; so does what just came. The rest can go, with what a transfer that broke has left.
func TestFilesOfLaptops(t *testing.T) {
	w := newWorld(t)
	dir := filepath.Join(w.St.Dir(), store.SentFiles)
	sum := func(digit string) string { return strings.Repeat(digit, 64) }
	file := func(digit string, age time.Duration) string { return put(t, age, dir, sum(digit), "texts.jsonl") }
	accept := func(name string, gone bool, paths ...string) {
		t.Helper()
		spec := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: name}}
		for _, p := range paths {
			spec.Spec.Benchmarks = append(spec.Spec.Benchmarks, v1alpha1.Benchmark{Name: "b", Serving: &v1alpha1.Serving{File: p}, Gates: []v1alpha1.Gate{{Baseline: "file:" + p}}})
		}
		if _, _, err := w.St.Accept(store.Revision{Experiment: name, Spec: spec, Deleting: gone}); err != nil {
			t.Fatal(err)
		}
		if gone {
			if err := w.St.Forget(w.Lease, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	accept("e", false, file("1", 2*time.Hour))
	accept("e", false, file("2", 2*time.Hour)) // to undo goes back to the one before
	accept("gone", false, file("3", 2*time.Hour))
	accept("gone", true, filepath.Join(dir, sum("3"), "texts.jsonl"))
	accept("lives", false, file("4", 2*time.Hour))
	accept("lives", true, filepath.Join(dir, sum("4"), "texts.jsonl"))
	file("5", 2*time.Hour) // of an apply that was refused
	file("6", 0)           // of one that goes on
	broken := put(t, 2*time.Hour, dir, sum("7"), ".tmp-1")
	jobs := listing(drivers.Job{ID: "1", Tag: drivers.Tag{Nonce: "n", Seat: drivers.Seat{Experiment: "lives", Group: "llm"}}})
	c := Collector{Store: w.St, Jobs: jobs, Work: filepath.Join(w.St.Dir(), "work")}
	found, err := c.Find(t.Context(), Kinds{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range found.Leftovers {
		if l.Kind == KindFiles || l.Path == broken {
			got = append(got, l.Path)
		}
	}
	want := []string{broken, filepath.Join(dir, sum("3")), filepath.Join(dir, sum("5")), filepath.Join(dir, sum("7"))}
	if !slices.Equal(got, want) {
		t.Fatalf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	found, err = c.Find(t.Context(), Kinds{Files: true})
	if err != nil || len(found.Leftovers) != 3 {
		t.Fatal(found.Leftovers, err)
	}
	if done, err := c.Remove(t.Context(), Kinds{Files: true}, found.Leftovers); err != nil || done.Count != 3 {
		t.Errorf("%+v, %v", done, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 4 {
		t.Errorf("left %v, %v: want those of two revisions, of the job that lives, and the new one", left, err)
	}
}
