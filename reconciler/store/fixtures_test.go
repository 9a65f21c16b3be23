package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestRecordsOfAnOlderAssay reads a state directory that an assay of format 1 left behind, a record of each kind, and the same
// without versions, as the first build wrote it.
func TestRecordsOfAnOlderAssay(t *testing.T) {
	for _, version := range []string{"format 1", "without a version"} {
		t.Run(version, func(t *testing.T) {
			dir := t.TempDir()
			check(t, os.CopyFS(dir, os.DirFS("testdata/format-1")))
			if version != "format 1" {
				unversion(t, dir)
			}
			s := open(t, dir)
			heads, err := s.Heads()
			check(t, err)
			attempts, err := s.Attempts()
			check(t, err)
			runs, err := s.Runs("")
			check(t, err)
			if len(heads) != 1 || len(attempts) != 1 || len(runs) != 1 || heads[0].Spec.Spec.Services[0].VLLM.Model != "m" || heads[0].Generation != 1 {
				t.Fatalf("heads %+v, attempts %+v, runs %+v", heads, attempts, runs)
			}
			a := attempts[0]
			if a.Seat.Group != "llm" || a.JobID != "1" || a.Alloc == "" || a.Limit == 0 {
				t.Errorf("the attempt: %+v", a)
			}
			if r := runs[0]; r.Phase != v1alpha1.RunComplete || r.Key == "" || r.Claim == nil || r.Claim.Nonce != a.Nonce || r.Result == nil || !r.Result.Valid || len(r.Result.Metrics) == 0 {
				t.Errorf("the run: %+v", r)
			}
			d, err := s.ReadDesired(a.Seat, a.Nonce)
			check(t, err)
			state, err := s.State(a.Seat, a.Nonce)
			check(t, err)
			if len(d.Processes) != 1 || state == nil || state.Generation != d.Generation || state.Processes[0].Fingerprint != d.Processes[0].Fingerprint || state.Processes[0].Phase != drivers.PhaseReady {
				t.Errorf("the agent was told %+v and reports %+v", d, state)
			}
			readOthers(t, s)
		})
	}
}

// readOthers reads what is left.
func readOthers(t *testing.T, s *Store) {
	t.Helper()
	st, ok, err := s.Status("up")
	if err != nil || !ok || len(st.Services) != 2 || len(st.Runs) != 1 || v1alpha1.Find(st.Conditions, v1alpha1.Ready).Status != v1alpha1.True {
		t.Errorf("the status: %+v, %v, %v", st, ok, err)
	}
	if events, err := s.Events("up"); err != nil || len(events) < 3 {
		t.Errorf("the events: %+v, %v", events, err)
	}
	if all, err := s.Folders(); err != nil || len(all) != 1 || all[0].Service != "scratch" {
		t.Errorf("the directories: %+v, %v", all, err)
	}
	if all, err := s.Sources(); err != nil || len(all) != 1 || all[0].Experiments[0] != "up" {
		t.Errorf("the sources: %+v, %v", all, err)
	}
	if n, err := s.LastRequest(); err != nil || n != 1 {
		t.Errorf("the requests: %d, %v", n, err)
	}
	h, err := s.newest()
	if err != nil || h.Host != "login1" || h.Epoch != 1 || !h.Released {
		t.Errorf("the lease: %+v, %v", h, err)
	}
	here := drivers.Place{Site: "local", Scheduler: "local", Cluster: "login1", UID: os.Getuid(), User: "ada"}
	if wrong := (*PlaceError)(nil); !errors.As(s.Verify(here), &wrong) || !wrong.Copy || !strings.Contains(wrong.Why, "/home/ada/state") {
		t.Errorf("the identity: %+v", wrong)
	}
}

// unversion takes the version out of every record.
func unversion(t *testing.T, dir string) {
	t.Helper()
	version := regexp.MustCompile(`\s*"schema": \d+,?`)
	check(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, version.ReplaceAll(b, nil), 0o600)
	}))
}
