package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

var home = drivers.Place{Site: "s", Scheduler: "slurm", Cluster: "c", UID: os.Getuid(), User: "me"}

// copyOf copies a state directory as `cp -r` does.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	check(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

func wantWrong(t *testing.T, err error, isCopy bool, want string) {
	t.Helper()
	wrong, ok := errors.AsType[*PlaceError](err)
	if !ok || wrong.Copy != isCopy || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "assay adopt --state ") {
		t.Errorf("got %v, want a refusal with %q", err, want)
	}
}

// TestClaim: the first who acts decides, whoever reads records nothing, and what contradicts is refused.
func TestClaim(t *testing.T) {
	s := open(t, t.TempDir())
	check(t, s.Verify(home))
	if _, err := os.Stat(filepath.Join(s.Dir(), identityFile)); err == nil {
		t.Error("reading recorded an identity")
	}
	silent := home
	silent.Cluster = "" // the cluster could not be asked the first time
	check(t, s.Claim(silent))
	check(t, s.Claim(home))
	check(t, open(t, s.Dir()).Claim(silent))
	for want, change := range map[string]func(*drivers.Place){
		"cluster c, and this is cluster d": func(p *drivers.Place) { p.Cluster = "d" },
		"site s, and this is site t":       func(p *drivers.Place) { p.Site = "t" },
		"the slurm scheduler":              func(p *drivers.Place) { p.Site, p.Scheduler = "local", "local" },
		"belongs to user me":               func(p *drivers.Place) { p.UID++ },
	} {
		there := home
		change(&there)
		for _, err := range []error{s.Verify(there), s.Claim(there)} {
			wantWrong(t, err, false, want)
		}
	}
	moved := s.Dir() + "-moved"
	check(t, os.Rename(s.Dir(), moved))
	check(t, open(t, moved).Claim(home))
}

// TestFirstBuild: a directory without an identity is taken as it is, unless its revisions name another site.
func TestFirstBuild(t *testing.T) {
	s := open(t, t.TempDir())
	r := revision("exp", "a")
	r.Site.Metadata.Name, r.Site.Spec.Scheduler, r.Site.Spec.Paths.State = "s", "slurm", s.Dir()
	_, _, err := s.Accept(r)
	check(t, err)
	copied := open(t, copyOf(t, s.Dir()))
	wantWrong(t, copied.Claim(home), true, "has the same id as "+s.Dir())
	there := home
	there.Site = "t"
	wantWrong(t, s.Claim(there), false, "site s, and this is site t")
	check(t, s.Claim(home))
}

// TestCopy: a copy is refused, also one that kept every inode number, while the original goes on.
func TestCopy(t *testing.T) {
	s := open(t, t.TempDir())
	check(t, s.Claim(home))
	copied := open(t, copyOf(t, s.Dir()))
	for _, err := range []error{copied.Verify(home), copied.Claim(home)} {
		wantWrong(t, err, true, "it is a copy of the one that was made at "+s.Dir())
	}
	// A clone of a volume has the same inode numbers.
	known, _, err := copied.known()
	check(t, err)
	known[0].Inodes = copied.inodes
	check(t, copied.fs.ReplaceRecord(filepath.Join(copied.Dir(), identityFile), known[0], nil))
	wantWrong(t, copied.Claim(home), true, "has the same id as "+s.Dir())
	check(t, s.Claim(home))
}

// TestAdoptACopy: afterwards it has an id of its own, nothing is declared, and nothing is left that could act on the
// original's jobs. The original's controller holds no lease of it. Cut short at any moment, it is refused until it is
// adopted again.
func TestAdoptACopy(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	live(t, s, l, "exp")
	check(t, s.Claim(home))
	_, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	_, err = l.CreateRun(plan.Run{ID: "b-2", Experiment: "exp", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{Run: "b-2"})
	check(t, err)
	check(t, l.PutFolder(plan.FolderRecord{Experiment: "exp", Service: "scratch"}))
	for k := 1; ; k++ {
		dir := copyOf(t, s.Dir())
		cut := adoptUntil(t, dir, k)
		copied := open(t, dir)
		if cut && copied.Claim(home) != nil {
			if copied.id == s.id {
				wantWrong(t, copied.Claim(home), true, "it is a copy")
			} else {
				wantWrong(t, copied.Claim(home), false, "an adoption was cut short")
			}
			adoptUntil(t, dir, 0)
			copied = open(t, dir)
		}
		check(t, copied.Claim(home))
		adopted(t, s, copied)
		if !cut {
			break
		}
	}
	check(t, s.Claim(home))
	check(t, l.Check())
}

// adoptUntil adopts a copy and stops before its k-th system call; 0 never. It reports whether it was stopped.
func adoptUntil(t *testing.T, dir string, k int) (cut bool) {
	t.Helper()
	s := open(t, dir)
	l := acquire(t, s) // the original's holder lives, but does not hold this one
	calls := 0
	s.fs.Hook = func(string) {
		if calls++; calls == k {
			panic("cut")
		}
	}
	defer func() {
		cut = recover() != nil
		s.fs.Hook = nil
		check(t, l.Release()) // a process that was killed is gone, which this one is not
	}()
	check(t, l.Adopt(home))
	return false
}

func adopted(t *testing.T, original, s *Store) {
	t.Helper()
	a, err := s.Adoption(home)
	check(t, err)
	if a.Wrong != nil || len(a.Experiments)+len(a.Jobs) > 0 || s.ID() == original.ID() {
		t.Errorf("after adoption: %+v, id %s of %s", a, s.ID(), original.ID())
	}
	runs, err := s.Runs("")
	check(t, err)
	folders, err := s.Folders()
	check(t, err)
	for _, r := range runs {
		if r.Phase == v1alpha1.RunPending || r.Phase == v1alpha1.RunRunning {
			t.Errorf("run %s is %s", r.ID, r.Phase)
		}
	}
	if history, err := s.History("exp"); err != nil || len(history) < 2 || len(runs) == 0 || len(folders) > 0 {
		t.Errorf("%d revisions, %d runs, %d folders, %v", len(history), len(runs), len(folders), err)
	}
}

// TestKeep: a directory that was moved to another file system keeps its id and its jobs.
func TestKeep(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	live(t, s, l, "exp")
	check(t, s.Claim(home))
	moved := open(t, copyOf(t, s.Dir()))
	a, err := moved.Adoption(home)
	check(t, err)
	if a.Wrong == nil || !a.Visible || len(a.Experiments) != 1 {
		t.Errorf("beside the original: %+v", a)
	}
	check(t, os.RemoveAll(s.Dir()))
	if a, err = moved.Adoption(home); err != nil || a.Visible {
		t.Errorf("without the original: %+v, %v", a, err)
	}
	check(t, acquire(t, moved).Keep(home))
	check(t, moved.Claim(home))
	if a, err = moved.Adoption(home); err != nil || a.Wrong != nil || len(a.Experiments) != 1 || moved.ID() != s.ID() {
		t.Errorf("afterwards: %+v, %v", a, err)
	}
}
