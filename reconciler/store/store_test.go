package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"

	"github.com/google/go-cmp/cmp"
)

var seat = drivers.Seat{Experiment: "exp", Group: "llm"}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Options{NoSync: true})
	check(t, err)
	return s
}

func acquire(t *testing.T, s *Store) *Lease {
	t.Helper()
	l, err := s.Acquire(t.Context(), "test", 0)
	check(t, err)
	return l
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func spec(name, label string) v1alpha1.Experiment {
	return v1alpha1.Experiment{APIVersion: v1alpha1.APIVersion, Kind: v1alpha1.KindExperiment,
		Metadata: v1alpha1.Metadata{Name: name, Labels: map[string]string{"edit": label}}}
}

func revision(name, label string) Revision {
	return Revision{Experiment: name, Owner: "apply", Spec: spec(name, label), Origin: drivers.Origin{Source: "apply", Path: label}}
}

func TestAcceptSaysWhatARevisionCameTo(t *testing.T) {
	s := open(t, t.TempDir())
	deleting, pruning := revision("exp", "b"), revision("exp", "b")
	deleting.Deleting, pruning.Prune = true, true
	moved := revision("exp", "b")
	moved.Site.Spec.Account = "other"
	type step struct {
		rev        Revision
		outcome    Outcome
		generation int64
	}
	for i, st := range []step{
		{revision("exp", "a"), Created, 1},
		{revision("exp", "a"), Unchanged, 1},
		{revision("exp", "b"), Configured, 2},
		{pruning, Configured, 3},
		{revision("exp", "b"), Unchanged, 3},
		{moved, Configured, 4},
		{revision("exp", "a"), Configured, 5},
		{deleting, Configured, 6},
		{deleting, Unchanged, 6},
		{revision("exp", "b"), Created, 7},
	} {
		got, outcome, err := s.Accept(st.rev)
		check(t, err)
		if outcome != st.outcome || got.Generation != st.generation || got.Hash == "" {
			t.Errorf("step %d: %s, generation %d, hash %q; want %s, %d", i, outcome, got.Generation, got.Hash, st.outcome, st.generation)
		}
	}
	history, err := s.History("exp")
	check(t, err)
	if len(history) != 7 || history[0].Origin.Path != "a" || history[6].Spec.Metadata.Labels["edit"] != "b" {
		t.Errorf("history: %+v", history)
	}
	if _, err := s.Revision("exp", 8); !errors.Is(err, drivers.ErrNotFound) {
		t.Errorf("a revision that does not exist: %v", err)
	}
}

func TestForgetFreesTheNameAndKeepsWhatWasDone(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	live(t, s, l, "exp")
	check(t, s.Forget(l, "exp"))
	if _, ok, err := s.Head("exp"); !ok || err != nil {
		t.Fatalf("an experiment that is not being deleted was forgotten: %v", err)
	}
	gone := revision("exp", "a")
	gone.Deleting = true
	_, _, err := s.Accept(gone)
	check(t, err)
	check(t, s.Forget(l, "exp"))
	check(t, s.Forget(l, "exp"))

	heads, err := s.Heads()
	check(t, err)
	_, said, err := s.Status("exp")
	check(t, err)
	attempts, err := s.Attempts()
	check(t, err)
	if len(heads) != 0 || said || len(attempts) != 0 {
		t.Errorf("left: heads %v, status %v, attempts %v", heads, said, attempts)
	}
	runs, err := s.Runs("exp")
	check(t, err)
	history, err := s.History("exp")
	check(t, err)
	if len(runs) != 1 || len(history) != 2 {
		t.Errorf("kept: %d runs and %d revisions, want 1 and 2", len(runs), len(history))
	}
	r, outcome, err := s.Accept(revision("exp", "a"))
	check(t, err)
	if outcome != Created || r.Generation != 3 {
		t.Errorf("the name again: %s %d", outcome, r.Generation)
	}
}

// live does one of everything and ends with nothing open.
func live(t *testing.T, s *Store, l *Lease, name string) {
	t.Helper()
	_, _, err := s.Accept(revision(name, "a"))
	check(t, err)
	a, err := l.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: name, Group: "llm"}})
	check(t, err)
	_, err = l.WriteDesired(a.Seat, a.Nonce, drivers.AgentDesired{Processes: []drivers.Process{{Name: "llm"}}})
	check(t, err)
	run, err := l.CreateRun(plan.Run{ID: "bench-1", Experiment: name, Phase: v1alpha1.RunPending}, drivers.SuiteRequest{Run: "bench-1", Seed: 7})
	check(t, err)
	check(t, os.WriteFile(filepath.Join(run.Dir, drivers.ResultFile), []byte(`{"run": "bench-1", "metrics": {"ttft_p99_ms": 12}}`), 0o600))
	run.Phase, run.Ended = v1alpha1.RunComplete, time.Now()
	check(t, l.UpdateRun(run))
	check(t, l.PutStatus(v1alpha1.ExperimentStatus{Name: name, Generation: 1}))
	check(t, l.PutTargets([]drivers.Target{{ID: "x", URL: "http://h:1/metrics"}}))
	check(t, l.Emit(Event{Time: time.Now(), Experiment: name, Object: "service/llm", Reason: "Submitted"}))
	a.End = &plan.End{State: drivers.JobCompleted}
	check(t, l.Update(a))
	_, err = s.InstallBinary("doc.go") // any file will do
	check(t, err)
}

func TestEverythingIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "state")
	s := open(t, dir)
	live(t, s, acquire(t, s), "exp")
	check(t, filepath.WalkDir(filepath.Dir(dir), func(path string, e fs.DirEntry, err error) error {
		check(t, err)
		info, err := e.Info()
		check(t, err)
		want := fs.FileMode(0o600)
		if e.IsDir() || strings.Contains(path, "/bin/") {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s is %o, want %o", path, info.Mode().Perm(), want)
		}
		return nil
	}))
}

func TestOpenLeavesTheModeOfAFolderThatWasThere(t *testing.T) {
	dir := t.TempDir()
	check(t, os.Chmod(dir, 0o755))
	open(t, dir)
	info, err := os.Stat(dir)
	check(t, err)
	if info.Mode().Perm() != 0o755 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
}

func TestIdentityIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	if a.ID() == "" || a.ID() != b.ID() {
		t.Errorf("ids %q and %q", a.ID(), b.ID())
	}
	if other := open(t, t.TempDir()); other.ID() == a.ID() {
		t.Error("two state directories have one id")
	}
}

func TestLeftoversAreIgnoredAndSwept(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	live(t, s, l, "exp")
	a, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	var left []string
	for _, dir := range []string{s.Dir(), s.Dir() + "/intents", s.Dir() + "/revisions/exp", s.Dir() + "/runs/exp/bench-1", s.JobDir(seat, a.Nonce), s.Dir() + "/status"} {
		path := filepath.Join(dir, ".tmp-1")
		check(t, os.WriteFile(path, []byte(`{"half`), 0o600))
		old := time.Now().Add(-2 * time.Hour)
		check(t, os.Chtimes(path, old, old))
		check(t, os.WriteFile(path+"-fresh", nil, 0o600)) // somebody is writing it now
		left = append(left, path)
	}
	readAll(t, s)
	kill(t, s)
	acquire(t, s)
	for _, path := range left {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was not swept (%v)", path, err)
		}
		if _, err := os.Stat(path + "-fresh"); err != nil {
			t.Errorf("a file that is being written was swept: %v", err)
		}
	}
}

// readAll reads everything there is and fails on what cannot be read.
func readAll(t *testing.T, s *Store) {
	t.Helper()
	_, err1 := s.Heads()
	attempts, err2 := s.Attempts()
	_, err3 := s.Runs("")
	_, err4 := s.Statuses()
	_, err5 := s.Events("")
	_, _, err6 := s.Holder()
	check(t, errors.Join(err1, err2, err3, err4, err5, err6))
	for _, a := range attempts {
		_, err1 := s.ReadDesired(a.Seat, a.Nonce)
		_, err2 := s.State(a.Seat, a.Nonce)
		check(t, errors.Join(err1, err2))
	}
}

func TestTargetsAreWrittenInFileSDForm(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	path := filepath.Join(s.Dir(), "targets", "assay.json")
	targets := []drivers.Target{{ID: "n/llm", URL: "https://h:81/deep/metrics", Labels: map[string]string{"service": "llm"}}, {ID: "bare", URL: "http://g:9"}}
	check(t, l.PutTargets(targets))
	first, err := os.Stat(path)
	check(t, err)
	check(t, l.PutTargets(targets))
	second, err := os.Stat(path)
	check(t, err)
	if !os.SameFile(first, second) {
		t.Error("an unchanged list was written again")
	}
	var got any
	check(t, durable.ReadRecord(path, &got))
	want := []any{
		map[string]any{"targets": []any{"h:81"}, "labels": map[string]any{"__scheme__": "https", "__metrics_path__": "/deep/metrics", "service": "llm"}},
		map[string]any{"targets": []any{"g:9"}, "labels": map[string]any{"__scheme__": "http", "__metrics_path__": "/metrics"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	check(t, l.PutTargets(nil))
	check(t, durable.ReadRecord(path, &got))
	if d := cmp.Diff([]any{}, got); d != "" {
		t.Error(d)
	}
}

func TestInstalledBinaryIsACopyByContent(t *testing.T) {
	s := open(t, t.TempDir())
	src := filepath.Join(t.TempDir(), "assay")
	install := func(content string) string {
		check(t, os.WriteFile(src, []byte(content), 0o755))
		to, err := s.InstallBinary(src)
		check(t, err)
		return to
	}
	one, again, two := install("one"), install("one"), install("two")
	if one != again || one == two {
		t.Errorf("%s %s %s", one, again, two)
	}
	b, err := os.ReadFile(one)
	check(t, err)
	if string(b) != "one" {
		t.Errorf("the first copy became %q", b)
	}
	if _, err := s.InstallBinary(src + "-absent"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent program: %v", err)
	}
}
