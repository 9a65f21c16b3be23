package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/plan"
)

// TestDamageIsAnErrorThatNamesTheFile cuts each kind of file in half, and empties it. Where "it is not there" could start
// something twice or lose something, reading fails; the rest heals or concerns one run only.
func TestDamageIsAnErrorThatNamesTheFile(t *testing.T) {
	for name, test := range map[string]struct {
		path string // below the state directory; * is filled in
		read func(s *Store, a plan.Attempt) error
	}{
		"attempt":  {"intents/*.json", func(s *Store, _ plan.Attempt) error { _, err := s.Attempts(); return err }},
		"begin":    {"intents/*.json", func(s *Store, _ plan.Attempt) error { return begin(s) }},
		"head":     {"revisions/exp/*.json", func(s *Store, _ plan.Attempt) error { _, err := s.Heads(); return err }},
		"history":  {"revisions/exp/*.json", func(s *Store, _ plan.Attempt) error { _, err := s.History("exp"); return err }},
		"request":  {"runs/exp/*/request.json", func(s *Store, _ plan.Attempt) error { return end(s) }},
		"told":     {"jobs/exp/*/*/desired.json", func(s *Store, a plan.Attempt) error { _, err := s.ReadDesired(a.Seat, a.Nonce); return err }},
		"state":    {"jobs/exp/*/*/state.json", func(s *Store, a plan.Attempt) error { _, err := s.State(a.Seat, a.Nonce); return err }},
		"lease":    {"lease/*.json", func(s *Store, _ plan.Attempt) error { _, err := s.Acquire(context.Background(), "x", 0); return err }},
		"identity": {"id", func(s *Store, _ plan.Attempt) error { _, err := Open(s.Dir(), Options{}); return err }},
	} {
		for _, how := range []string{"halved", "emptied"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				s := open(t, t.TempDir())
				l := acquire(t, s)
				live(t, s, l, "exp")
				a, err := l.Begin(plan.Attempt{Seat: seat})
				check(t, err)
				_, err = l.WriteDesired(seat, a.Nonce, drivers.AgentDesired{ExitWhenDone: true})
				check(t, err)
				check(t, os.WriteFile(filepath.Join(s.JobDir(seat, a.Nonce), drivers.StateFile), []byte(`{"nonce": "n"}`), 0o600))
				check(t, l.Release())
				check(t, test.read(open(t, s.Dir()), a)) // whole, it is no error

				path := damage(t, s, a, test.path, how)
				err = test.read(fresh(s), a)
				if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "mv "+path) {
					t.Errorf("%s %s: error %v", path, how, err)
				}
			})
		}
	}
}

// fresh is the store as another process would have it, without reading what Open reads.
func fresh(s *Store) *Store {
	return &Store{dir: s.dir, id: s.id, inodes: s.inodes, fs: s.fs, ended: map[string]plan.Attempt{}, recent: map[string]recent{}, jobDirs: map[seatNonce]string{}}
}

func begin(s *Store) error {
	l, err := s.Acquire(context.Background(), "x", 0)
	if err != nil {
		return err
	}
	_, err = l.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: "exp", Group: "other"}})
	return errors.Join(err, l.Release())
}

func end(s *Store) error {
	runs, err := s.Runs("exp")
	if err != nil {
		return err
	}
	l, err := s.Acquire(context.Background(), "x", 0)
	if err != nil {
		return err
	}
	if err := l.UpdateRun(runs[0]); err != nil {
		return err
	}
	return l.Release()
}

// damage cuts the file and returns its path. Of several, it is the one of the open attempt, or else the newest.
func damage(t *testing.T, s *Store, a plan.Attempt, pattern, how string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.Dir(), pattern))
	check(t, err)
	if len(found) == 0 {
		t.Fatalf("no file is called %s", pattern)
	}
	path := found[len(found)-1]
	for _, f := range found {
		if strings.Contains(f, a.Nonce) {
			path = f
		}
	}
	b, err := os.ReadFile(path)
	check(t, err)
	if how == "emptied" {
		b = nil
	}
	check(t, os.WriteFile(path, b[:len(b)/2], 0o600))
	return path
}

func TestDamageOfOneRunOrOfWhatIsRebuiltStopsNothing(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	live(t, s, l, "exp")
	r, err := l.CreateRun(plan.Run{ID: "open", Experiment: "exp", Phase: v1alpha1.RunRunning}, drivers.SuiteRequest{})
	check(t, err)
	result := filepath.Join(r.Dir, drivers.ResultFile)
	check(t, os.WriteFile(result, []byte(`{"run": "op`), 0o600))
	runs, err := s.Runs("exp")
	check(t, err)
	if len(runs) != 2 || runs[1].Result == nil || !strings.Contains(runs[1].Result.Error, result) || runs[1].Result.Valid {
		t.Errorf("a damaged result: %+v", runs)
	}
	check(t, os.WriteFile(s.statusPath("exp"), []byte("{"), 0o600))
	if _, said, err := s.Status("exp"); said || err != nil {
		t.Errorf("a damaged status: %v %v", said, err)
	}
	check(t, l.PutStatus(v1alpha1.ExperimentStatus{Name: "exp"}))
	if _, said, err := s.Status("exp"); !said || err != nil {
		t.Errorf("a status after damage: %v %v", said, err)
	}
}

func TestARecordUnderAnotherNameIsDamage(t *testing.T) {
	s := open(t, t.TempDir())
	a, err := acquire(t, s).Begin(plan.Attempt{Seat: seat})
	check(t, err)
	check(t, os.Rename(s.intentPath(a.Nonce), s.intentPath("copy")))
	if _, err := s.Attempts(); err == nil {
		t.Error("an attempt was read under another one's name")
	}
}
