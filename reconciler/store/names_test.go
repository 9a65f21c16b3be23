package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers"
)

func TestNamesStayInsideTheirFolder(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	for _, name := range []string{"..", "../../x", "a.b", ".hidden", "a/b", "%2E"} {
		live(t, s, l, name)
		dir := s.JobDir(drivers.Seat{Experiment: name, Group: name}, name)
		rel, err := filepath.Rel(filepath.Join(s.Dir(), "jobs"), dir)
		if err != nil || strings.HasPrefix(rel, "..") || strings.Count(rel, "/") != 2 {
			t.Errorf("job directory of %q: %s", name, dir)
		}
		runs, err := s.Runs(name)
		check(t, err)
		if len(runs) != 1 || !strings.HasPrefix(runs[0].Dir, filepath.Join(s.Dir(), "runs")+"/") {
			t.Errorf("runs of %q: %+v", name, runs)
		}
	}
	heads, err := s.Heads()
	check(t, err)
	var got []string
	for _, h := range heads {
		got = append(got, h.Experiment)
	}
	statuses, err := s.Statuses()
	check(t, err)
	all, err := s.Runs("")
	check(t, err)
	if len(got) != 6 || len(statuses) != 6 || len(all) != 6 {
		t.Errorf("heads %q, %d statuses, %d runs; want 6 of each", got, len(statuses), len(all))
	}
	if a, b := s.JobDir(drivers.Seat{Experiment: "e", Group: "a-1", Slot: 2}, "n"), s.JobDir(drivers.Seat{Experiment: "e", Group: "a", Slot: 12}, "n"); a == b {
		t.Errorf("two seats share %s", a)
	}
}

// TestOlderJobDirectory: a job that an older assay started goes on in its directory.
func TestOlderJobDirectory(t *testing.T) {
	s := open(t, t.TempDir())
	older := filepath.Join(s.Dir(), "jobs", "exp", "llm-0-0", "n")
	check(t, os.MkdirAll(older, 0o700))
	if got := s.JobDir(seat, "n"); got != older {
		t.Errorf("its directory is %s", got)
	}
	if got := s.JobDir(seat, "m"); got != filepath.Join(s.Dir(), "jobs", "exp", "llm-0", "m") {
		t.Errorf("the next one's is %s", got)
	}
}
