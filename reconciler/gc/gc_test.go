package gc

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
	"assay/reconciler/store/storetest"
)

// world is a store whose jobs are only their records.
type world struct{ storetest.Store }

func newWorld(t *testing.T) world { return world{storetest.New(t)} }

func (w world) end(at plan.Attempt) {
	w.T.Helper()
	at.End = &plan.End{State: drivers.JobFailed, At: time.Now()}
	if err := w.Lease.Update(at); err != nil {
		w.T.Fatal(err)
	}
}

// declare accepts a revision of an experiment.
func (w world) declare(name string) {
	w.T.Helper()
	spec := v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: name}}
	if _, _, err := w.St.Accept(store.Revision{Experiment: name, Spec: spec}); err != nil {
		w.T.Fatal(err)
	}
}

// listing is a scheduler that lists these jobs as not over.
func listing(jobs ...drivers.Job) func(context.Context) ([]drivers.Job, error) {
	return func(context.Context) ([]drivers.Job, error) { return jobs, nil }
}

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

// TestFindOnlyLeftovers lists what is old and has no owner, and nothing that is live, young, used or another store's.
func TestFindOnlyLeftovers(t *testing.T) {
	w := newWorld(t)
	dir := w.St.Dir()
	w.declare("e")
	live, ended := w.Job("web", "1"), w.Job("old", "2")
	w.end(ended)
	image := filepath.Join(dir, "images", "used.sif")
	if _, err := w.Lease.WriteDesired(live.Seat, live.Nonce, drivers.AgentDesired{Processes: []drivers.Process{{Name: "web", Needs: []string{image}}}}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		w.St.JobDir(ended.Seat, ended.Nonce),
		filepath.Dir(put(t, 2*time.Hour, dir, "jobs", "e", "lost-0-0", "0123456789abcdef", "state.json")), // its record is gone
		put(t, 2*time.Hour, dir, "targets", ".tmp-1"),
		filepath.Dir(put(t, 0, dir, "runs", trashPrefix+w.St.ID()+"-ABC", "result.json")), // an interrupted clean's
		put(t, 0, dir, "images", "unused.sif"),
	}
	put(t, 0, image)
	put(t, 0, dir, "images", "notes.txt")
	put(t, 0, dir, "targets", ".tmp-2")
	put(t, 0, dir, "jobs", "e", "new-0-0", "fedcba9876543210", "state.json")           // just being made
	put(t, 2*time.Hour, w.St.JobDir(live.Seat, live.Nonce), ".tmp-1")                  // a live job's
	put(t, 2*time.Hour, dir, "runs", trashPrefix+"another-ABC", "result.json")         // another store's
	put(t, 2*time.Hour, dir, "work", "yours", trashPrefix+"like", "a folder of yours") // no mark
	c := Collector{Store: w.St, Jobs: listing(), Work: filepath.Join(dir, "work")}
	found, err := c.Find(t.Context(), Kinds{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range found.Leftovers {
		got = append(got, l.Path)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// What is in use again by the time of the answer stays. Another store reads it, which remembers nothing.
	record := `{"nonce":"` + ended.Nonce + `","experiment":"e","seat":{"experiment":"e","group":"old"},"begun":"2026-01-01T00:00:00Z"}`
	if err := os.WriteFile(filepath.Join(dir, "intents", ended.Nonce+".json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	if c.Store, err = store.Open(dir, store.Options{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	done, err := c.Remove(t.Context(), Kinds{}, found.Leftovers)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range want {
		_, err := os.Lstat(p)
		if kept := p == w.St.JobDir(ended.Seat, ended.Nonce); kept != (err == nil) {
			t.Errorf("%s: kept %v, want %v", p, err == nil, kept)
		}
	}
	if len(done.Kept) != 1 || done.Kept[0].Path != w.St.JobDir(ended.Seat, ended.Nonce) || done.Count != 4 || done.Bytes != 4 {
		t.Errorf("removed %+v", done)
	}
}

// TestUnknownJobsAreReported names jobs that the records do not explain, and keeps the data of their experiment.
func TestUnknownJobsAreReported(t *testing.T) {
	w := newWorld(t)
	w.declare("e")
	known := w.Job("web", "1")
	work := filepath.Join(w.St.Dir(), "work")
	for name, owner := range map[string]string{"gone": " gone/db", "left": " left/db"} {
		marker := filepath.Join(work, name, "db", markerFile)
		put(t, 0, marker)
		if err := os.WriteFile(marker, []byte(`{"owner":"`+w.St.ID()+owner+`"}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tag := func(experiment, group, nonce string) drivers.Tag {
		return drivers.Tag{Store: w.St.ID(), Nonce: nonce, Seat: drivers.Seat{Experiment: experiment, Group: group}}
	}
	jobs := listing(drivers.Job{ID: "1", Tag: tag("e", "web", known.Nonce)}, drivers.Job{ID: "2", Tag: tag("e", "web", "lost")}, drivers.Job{ID: "3", Tag: tag("gone", "db", "nonce")})
	for experiment, want := range map[string]string{"": "2 3", "e": "2"} {
		found, err := Collector{Store: w.St, Jobs: jobs, Work: work, Experiment: experiment}.Find(t.Context(), Kinds{Data: true})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, j := range found.Unknown {
			ids = append(ids, string(j.ID))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("unknown jobs of %q: %s, want %s", experiment, got, want)
		}
		if experiment == "" && (len(found.Leftovers) != 1 || found.Leftovers[0].Experiment != "left") {
			t.Errorf("data that can go: %+v, want that of left alone", found.Leftovers)
		}
	}
}

// TestNothingIsFoundWithoutTheScheduler: a failed listing is an error, and what was never here has nothing left.
func TestNothingIsFoundWithoutTheScheduler(t *testing.T) {
	w := newWorld(t)
	w.declare("e")
	w.end(w.Job("old", "1"))
	down := errors.New("squeue: timed out")
	c := Collector{Store: w.St, Jobs: func(context.Context) ([]drivers.Job, error) { return nil, down }, Work: filepath.Join(w.St.Dir(), "work")}
	if found, err := c.Find(t.Context(), Kinds{}); !errors.Is(err, down) || len(found.Leftovers) > 0 {
		t.Errorf("Find: %+v, %v", found, err)
	}
	c.Jobs, c.Experiment = listing(), "never"
	if _, err := c.Find(t.Context(), Kinds{}); err == nil || !strings.Contains(err.Error(), `no experiment "never"`) {
		t.Errorf("Find: %v", err)
	}
}

// TestInterruptedRemoveIsFinishedByTheNext: what has got its new name is gone for readers, and the next Find lists it.
func TestInterruptedRemoveIsFinishedByTheNext(t *testing.T) {
	w := newWorld(t)
	ended := w.Job("old", "1")
	w.end(ended)
	c := Collector{Store: w.St, Jobs: listing(), Work: filepath.Join(w.St.Dir(), "work")}
	found, err := c.Find(t.Context(), Kinds{Logs: true})
	if err != nil || len(found.Leftovers) != 1 {
		t.Fatalf("found %+v, %v", found, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done, err := c.Remove(ctx, Kinds{Logs: true}, found.Leftovers)
	if !errors.Is(err, context.Canceled) || done.Count != 0 {
		t.Fatalf("interrupted: %+v, %v", done, err)
	}
	if _, err := os.Lstat(w.St.JobDir(ended.Seat, ended.Nonce)); err == nil {
		t.Error("the job directory still has its name")
	}
	again, err := c.Find(t.Context(), Kinds{Logs: true})
	if err != nil || len(again.Leftovers) != 1 || !strings.HasPrefix(filepath.Base(again.Leftovers[0].Path), trashPrefix) {
		t.Fatalf("found %+v, %v", again, err)
	}
	if done, err = c.Remove(t.Context(), Kinds{Logs: true}, again.Leftovers); err != nil || done.Count != 1 {
		t.Errorf("removed %+v, %v", done, err)
	}
	if left, err := c.Find(t.Context(), Kinds{}); err != nil || len(left.Leftovers) > 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
}
