package main

import (
	"bytes"
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

// put writes a file of a given age, with the folders above it.
func put(t *testing.T, age time.Duration, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	when := time.Now().Add(-age)
	for _, p := range []string{name, filepath.Dir(name)} {
		if err := os.Chtimes(p, when, when); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// TestCleanFindsOnlyLeftovers offers what is old and nobody's, and nothing that is live, young, used or another's.
func TestCleanFindsOnlyLeftovers(t *testing.T) {
	w := newLogWorld(t)
	dir := w.st.Dir()
	spec := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "e"}}
	if _, _, err := w.st.Accept(store.Revision{Experiment: "e", Spec: spec}); err != nil {
		t.Fatal(err)
	}
	live, ended := w.job("web", "1", "web"), w.job("old", "2", "old")
	w.end(ended)
	image := filepath.Join(dir, "images", "used.sif")
	if _, err := w.lease.WriteDesired(live.Seat, live.Nonce, drivers.AgentDesired{Processes: []drivers.Process{{Name: "web", Needs: []string{image}}}}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		w.st.JobDir(ended.Seat, ended.Nonce),
		filepath.Dir(put(t, 2*time.Hour, dir, "jobs", "e", "lost-0-0", "0123456789abcdef", "state.json")), // its record is gone
		put(t, 2*time.Hour, dir, "targets", ".tmp-1"),
		filepath.Dir(put(t, 0, dir, "runs", trashPrefix+w.st.ID()+"-ABC", "result.json")), // an interrupted clean's
		put(t, 0, dir, "images", "unused.sif"),
	}
	put(t, 0, image)
	put(t, 0, dir, "images", "notes.txt")
	put(t, 0, dir, "targets", ".tmp-2")
	put(t, 0, dir, "jobs", "e", "new-0-0", "fedcba9876543210", "state.json")              // just being made
	put(t, 2*time.Hour, w.st.JobDir(live.Seat, live.Nonce), ".tmp-1")                     // a live job's
	put(t, 2*time.Hour, dir, "runs", trashPrefix+"another-ABC", "result.json")            // another store's
	put(t, 2*time.Hour, dir, "work", "yours", trashPrefix+"like", "a folder of somebody") // no mark
	site := v1alpha1.LocalSite()
	site.Spec.Paths.Work = filepath.Join(dir, "work")
	var out, talk bytes.Buffer
	c := &cleaner{a: &app{out: &out, err: &talk}, st: w.st, site: site}
	found, err := c.find(t.Context(), cleanKinds{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range found {
		got = append(got, l.path)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// What is in use again by the time of the answer stays. Another look, by a store that remembers nothing.
	record := `{"nonce":"` + ended.Nonce + `","experiment":"e","seat":{"experiment":"e","group":"old"},"begun":"2026-01-01T00:00:00Z"}`
	if err := os.WriteFile(filepath.Join(dir, "intents", ended.Nonce+".json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	if c.st, err = store.Open(dir, store.Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	if err := c.remove(t.Context(), cleanKinds{}, found); err != nil {
		t.Fatal(err)
	}
	for _, p := range want {
		_, err := os.Lstat(p)
		if kept := p == w.st.JobDir(ended.Seat, ended.Nonce); kept != (err == nil) {
			t.Errorf("%s: kept %v, want %v", p, err == nil, kept)
		}
	}
	if !strings.Contains(talk.String(), "in use again") || !strings.Contains(out.String(), "4 removed") {
		t.Errorf("said %q and %q", talk.String(), out.String())
	}
}
