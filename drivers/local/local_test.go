package local

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	var dir string
	job := map[drivertest.Behaviour][]string{
		drivertest.RunForever: {"forever"}, drivertest.ExitZero: {"exit", "0"}, drivertest.ExitSeven: {"exit", "7"}, drivertest.DieBySignal: {"die"},
	}
	drivertest.Scheduler(t, drivertest.Harness{
		New: func(t *testing.T) drivers.Scheduler {
			dir = filepath.Join(t.TempDir(), "jobs")
			return open(t, dir)
		},
		Spec: func(t *testing.T, store, nonce string, b drivertest.Behaviour) drivers.JobSpec {
			return spec(t, store, nonce, job[b]...)
		},
		Impossible: func(s drivers.JobSpec) drivers.JobSpec { s.Nodes = 2; return s },
		Folder:     func() string { return dir },
		Break: func(t *testing.T) func() { // as a shared disk that is away
			away := dir + ".away"
			if err := os.Rename(dir, away); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := os.Rename(away, dir); err != nil {
					t.Error(err)
				}
			}
		},
	})
}

func TestSurvives(t *testing.T) {
	sp := spec(t, "s", "survives", "forever")
	s, id := start(t, sp)
	await(t, s, id, running)
	again := open(t, s.dir)
	jobs, err := again.Jobs(t.Context(), "s")
	if err != nil || len(jobs) != 1 || jobs[0].ID != id || jobs[0].Tag != sp.Tag || jobs[0].State != drivers.JobRunning {
		t.Fatalf("a new scheduler lists %+v, %v", jobs, err)
	}
	if err := again.Cancel(t.Context(), id, sp.Tag.Nonce); err != nil {
		t.Fatal(err)
	}
	if j := await(t, again, id, drivers.JobState.Terminal); j.State != drivers.JobCancelled {
		t.Errorf("cancelled by it, it is %s", j.State)
	}
}

func TestTimeLimit(t *testing.T) {
	sp := spec(t, "s", "limit", "forever")
	sp.Time = time.Second
	s, id := start(t, sp)
	if j := await(t, s, id, drivers.JobState.Terminal); j.State != drivers.JobTimeout {
		t.Errorf("it ended as %s", j.State)
	}
	sp = spec(t, "s", "limit-changed", "forever")
	sp.Time = time.Hour
	s, id = start(t, sp)
	await(t, s, id, running)
	limit := time.Second
	if err := s.Reconfigure(t.Context(), id, sp.Tag.Nonce, drivers.Change{Time: &limit}); err != nil {
		t.Fatal(err)
	}
	if j := await(t, s, id, drivers.JobState.Terminal); j.State != drivers.JobTimeout || j.Limit != limit {
		t.Errorf("with the limit changed it ended as %s with %s", j.State, j.Limit)
	}
	if err := s.Reconfigure(t.Context(), id, sp.Tag.Nonce, drivers.Change{Time: &limit}); !errors.Is(err, drivers.ErrRejected) {
		t.Errorf("changing an ended job gave %v", err)
	}
}

func TestArgumentsAreVerbatim(t *testing.T) {
	args := []string{`x"; touch f; echo "`, "", "it's", "$HOME `id` $(id)", "a\nb\t", "*", `\`, "é 🙂", "--", "-n"}
	sp := spec(t, "s", "argv", append([]string{"argv"}, args...)...)
	s, id := start(t, sp)
	if j := await(t, s, id, drivers.JobState.Terminal); j.State != drivers.JobCompleted {
		t.Fatalf("it ended as %s", j.State)
	}
	b, err := os.ReadFile(filepath.Join(sp.Dir, "argv.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, args) {
		t.Errorf("arrived as %q, sent were %q", got, args)
	}
	if _, err := os.Stat(filepath.Join(sp.Dir, "f")); err == nil {
		t.Error("an argument was executed")
	}
}

// TestNoCommand: a command that does not exist is a failed job, with the reason in its log.
func TestNoCommand(t *testing.T) {
	sp := spec(t, "s", "nothing")
	sp.Argv = []string{"/does/not/exist"}
	s, id := start(t, sp)
	if j := await(t, s, id, drivers.JobState.Terminal); j.State != drivers.JobFailed || j.Exit != 127 {
		t.Errorf("it is %+v", j)
	}
	if b, _ := os.ReadFile(filepath.Join(sp.Dir, drivers.JobLog(string(id)))); !strings.Contains(string(b), "/does/not/exist") {
		t.Errorf("its log says %q", b)
	}
}

func TestRefused(t *testing.T) {
	s := open(t, t.TempDir())
	for name, change := range map[string]func(*drivers.JobSpec){
		"no command":   func(sp *drivers.JobSpec) { sp.Argv = nil },
		"no directory": func(sp *drivers.JobSpec) { sp.Dir = "" },
		"no text":      func(sp *drivers.JobSpec) { sp.Argv = append(sp.Argv, "\xff") },
		"NUL":          func(sp *drivers.JobSpec) { sp.Argv = append(sp.Argv, "\x00") },
		"two nodes":    func(sp *drivers.JobSpec) { sp.Nodes = 2 },
	} {
		sp := spec(t, "s", "refused", "exit", "0")
		change(&sp)
		if _, err := s.Submit(t.Context(), sp); !errors.Is(err, drivers.ErrRejected) {
			t.Errorf("%s: %v", name, err)
		}
	}
	none, err := New(t.TempDir(), Options{Shepherd: []string{"/does/not/exist"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Submit(t.Context(), spec(t, "s", "n", "exit", "0")); !errors.Is(err, drivers.ErrRejected) {
		t.Errorf("without a shepherd: %v", err)
	}
	if jobs, err := none.Jobs(t.Context(), "s"); err != nil || len(jobs) != 1 || jobs[0].State != drivers.JobFailed {
		t.Errorf("then listed is %+v, %v", jobs, err)
	}
}
