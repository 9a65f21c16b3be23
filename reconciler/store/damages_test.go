package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// half cuts a file in half.
func half(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	check(t, err)
	check(t, os.WriteFile(path, b[:len(b)/2], 0o600))
}

// TestAListingComesWithItsDamage: what is good is returned, and what is damaged is in the error, with its experiment.
func TestAListingComesWithItsDamage(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	for _, name := range []string{"bad", "good"} {
		_, _, err := s.Accept(revision(name, "a"))
		check(t, err)
		_, err = l.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: name, Group: "llm-x", Slot: 3}})
		check(t, err)
		_, err = l.CreateRun(plan.Run{ID: "b-1", Experiment: name, Phase: v1alpha1.RunPending}, drivers.SuiteRequest{})
		check(t, err)
		check(t, l.PutFolder(plan.FolderRecord{Experiment: name, Service: "scratch"}))
	}
	attempts, err := s.Attempts()
	check(t, err)
	for _, a := range attempts {
		if a.Seat.Experiment == "bad" {
			half(t, s.intentPath(a.Nonce))
		}
	}
	for _, pattern := range []string{"revisions/bad/*", "runs/bad/*/run.json", "folders/bad.*"} {
		found, err := filepath.Glob(filepath.Join(s.dir, pattern))
		check(t, err)
		half(t, found[0])
	}
	s = fresh(s)
	heads, err1 := s.Heads()
	attempts, err2 := s.Attempts()
	runs, err3 := s.Runs("")
	records, err4 := s.Folders()
	if len(heads) != 1 || len(attempts) != 1 || len(runs) != 1 || len(records) != 1 {
		t.Errorf("%v %v %v %v", heads, attempts, runs, records)
	}
	for _, err := range []error{err1, err2, err3, err4} {
		d, other := Tolerate(err)
		if other != nil || len(d) != 1 || d[0].Experiment != "bad" || !errors.Is(err, durable.ErrDamaged) || !strings.Contains(err.Error(), "mv "+s.dir) {
			t.Errorf("%v: %+v, %v", err, d, other)
		}
		if d, other := Tolerate(fmt.Errorf("of more than that: %w", err)); d != nil || other == nil {
			t.Errorf("an error around it is tolerated: %v, %v", d, other)
		}
	}
	d, _ := Tolerate(err2)
	if want := (drivers.Seat{Experiment: "bad", Group: "llm-x", Slot: 3}); d[0].Attempt.Seat != want || d[0].Attempt.Damaged == "" {
		t.Errorf("of the attempt is known %+v", d[0].Attempt)
	}
}

// TestAcceptingLeavesADamagedRevisionBehind: the next one takes its place, as the same experiment.
func TestAcceptingLeavesADamagedRevisionBehind(t *testing.T) {
	s := open(t, t.TempDir())
	for _, hash := range []string{"a", "b"} {
		_, _, err := s.Accept(revision("exp", hash))
		check(t, err)
	}
	half(t, s.revisionPath("exp", 2))
	if r, ok, err := s.Readable("exp"); !ok || err != nil || r.Generation != 1 {
		t.Errorf("what can be read is %+v, %v, %v", r, ok, err)
	}
	for range 2 {
		r, _, err := s.Accept(revision("exp", "b"))
		if err != nil || r.Generation != 3 || r.Incarnation != 1 {
			t.Errorf("accepted as %d, incarnation %d, %v", r.Generation, r.Incarnation, err)
		}
	}
	if h, ok, err := s.Head("exp"); !ok || err != nil || h.Generation != 3 {
		t.Errorf("the head is %+v, %v", h, err)
	}
	if all, err := s.History("exp"); len(all) != 2 || !errors.Is(err, durable.ErrDamaged) {
		t.Errorf("the history is %+v, %v", all, err)
	}
}

// TestAnOlderFileInThePlaceOfANewerOne is damage where the content tells.
func TestAnOlderFileInThePlaceOfANewerOne(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	for _, hash := range []string{"a", "b"} {
		_, _, err := s.Accept(revision("exp", hash))
		check(t, err)
	}
	old, err := os.ReadFile(s.revisionPath("exp", 1))
	check(t, err)
	check(t, os.WriteFile(s.revisionPath("exp", 2), old, 0o600))
	if _, _, err := s.Head("exp"); !errors.Is(err, durable.ErrDamaged) || !strings.Contains(err.Error(), "revision 1") {
		t.Errorf("a revision under another number: %v", err)
	}
	a, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	file := filepath.Join(s.JobDir(seat, a.Nonce), drivers.DesiredFile)
	told := drivers.AgentDesired{Relays: map[string]string{"a": "b"}}
	first, err := l.WriteDesired(seat, a.Nonce, told)
	check(t, err)
	old, err = os.ReadFile(file)
	check(t, err)
	second, err := l.WriteDesired(seat, a.Nonce, drivers.AgentDesired{ExitWhenDone: true})
	check(t, err)
	state := fmt.Sprintf(`{"nonce": %q, "generation": %d}`, a.Nonce, second.Generation)
	check(t, os.WriteFile(filepath.Join(filepath.Dir(file), drivers.StateFile), []byte(state), 0o600))
	check(t, os.WriteFile(file, old, 0o600))
	third, err := l.WriteDesired(seat, a.Nonce, drivers.AgentDesired{ExitWhenDone: true})
	if err != nil || third.Generation <= second.Generation || first.Generation != 1 {
		t.Errorf("generations %d, %d, %d, %v", first.Generation, second.Generation, third.Generation, err)
	}
	half(t, file)
	fourth, err := l.WriteDesired(seat, a.Nonce, drivers.AgentDesired{ExitWhenDone: true})
	if err != nil || fourth.Generation <= second.Generation {
		t.Errorf("a torn one is written as generation %d, %v", fourth.Generation, err)
	}
}

// TestATornLease: its holder writes it anew; when nobody does, it is taken over.
func TestATornLease(t *testing.T) {
	for _, lives := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, t.TempDir())
			l := acquire(t, s)
			half(t, s.leasePath(l.Epoch()))
			if _, err := s.Acquire(t.Context(), "x", 0); !errors.As(err, new(*HeldError)) || !strings.Contains(err.Error(), s.leasePath(1)) {
				t.Errorf("without waiting: %v", err)
			}
			if lives {
				time.AfterFunc(10*time.Second, func() { check(t, l.Renew()) })
			}
			next, err := s.Acquire(t.Context(), "x", 30*time.Second)
			if lives != errors.As(err, new(*HeldError)) || !lives && (err != nil || next.Epoch() != 2) {
				t.Errorf("lives %v: %v", lives, err)
			}
		})
	}
}

// TestALeaseWhoseRecordIsGoneIsNotLost: the directory is not mounted, or was emptied. Nothing is done, and no other holder is
// named that does not exist. One that began to count anew is one.
func TestALeaseWhoseRecordIsGoneIsNotLost(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	path := s.leasePath(l.Epoch())
	check(t, os.Rename(path, path+".away"))
	for _, err := range []error{l.Check(), l.Renew()} {
		if err == nil || errors.Is(err, ErrLeaseLost) || !strings.Contains(err.Error(), "not mounted") {
			t.Error(err)
		}
	}
	check(t, os.Rename(path+".away", path))
	check(t, errors.Join(l.Check(), l.Renew()))
	b, err := os.ReadFile(path)
	check(t, err)
	check(t, os.WriteFile(path, []byte(strings.Replace(string(b), `"start": "`, `"start": "1`, 1)), 0o600))
	if err := l.Renew(); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("another process has the epoch: %v", err)
	}
}

// TestAFullDirectoryCanBeRead: nothing is missing in it, or what is missing was made by a newer assay.
func TestAFullDirectoryCanBeRead(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	live(t, s, l, "exp")
	check(t, l.Release())
	check(t, os.RemoveAll(filepath.Join(s.dir, "requests")))
	for _, trouble := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EACCES} {
		full, err := Open(s.dir, Options{Fault: func(string) error { return trouble }})
		check(t, err)
		heads, err := full.Heads()
		if err != nil || len(heads) != 1 {
			t.Errorf("%v: %v, %v", trouble, heads, err)
		}
		_, err = full.Acquire(context.Background(), "x", 0)
		if !errors.Is(err, trouble) || !strings.Contains(err.Error(), durable.Trouble(s.dir, trouble)[:20]) {
			t.Errorf("%v: taking the lease: %v", trouble, err)
		}
		if _, err := Open(filepath.Join(s.dir, "new"), Options{Fault: func(string) error { return trouble }}); err == nil {
			t.Errorf("%v: a directory that is not there was opened", trouble)
		}
	}
}

// TestATornIdentity names the way out, and it works.
func TestATornIdentity(t *testing.T) {
	s := open(t, t.TempDir())
	here := drivers.Place{Site: "s", Scheduler: "slurm", Cluster: "c", UID: 1}
	check(t, s.Claim(here))
	id := filepath.Join(s.dir, idFile)
	check(t, os.WriteFile(id, nil, 0o600))
	_, err := Open(s.dir, Options{})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("echo '%q' > '%s'", s.ID(), id)) {
		t.Fatalf("a torn id: %v", err)
	}
	check(t, os.WriteFile(id, fmt.Appendf(nil, "%q\n", s.ID()), 0o600)) // as a shell does: the file stays the same
	s = open(t, s.dir)
	check(t, s.Claim(here))
	half(t, filepath.Join(s.dir, identityFile))
	for _, err := range []error{s.Verify(here), s.Claim(here)} {
		if wrong := (*PlaceError)(nil); !errors.As(err, &wrong) || !strings.Contains(err.Error(), identityFile+" is damaged") || !strings.Contains(err.Error(), "adopt --keep-jobs") {
			t.Errorf("a torn identity: %v", err)
		}
	}
	a, err := s.Adoption(here)
	if err != nil || a.Wrong == nil {
		t.Errorf("%+v, %v", a, err)
	}
	check(t, acquire(t, s).Keep(here))
	check(t, s.Claim(here))
	there := here
	there.Cluster = "other"
	if err := s.Claim(there); err == nil {
		t.Error("it is given to another cluster afterwards")
	}
}

// TestFormats: a directory of an older format is raised, and one of a newer format is refused by name.
func TestFormats(t *testing.T) {
	s := open(t, t.TempDir())
	here := drivers.Place{Site: "s", Scheduler: "slurm", Cluster: "c", UID: 1}
	check(t, s.Claim(here))
	path := filepath.Join(s.dir, identityFile)
	b, err := os.ReadFile(path)
	check(t, err)
	now, was := fmt.Sprintf(`"schema": %d`, Format), `"schema": 1`
	if !strings.Contains(string(b), now) {
		t.Fatalf("%s is not of format %d", b, Format)
	}
	check(t, os.WriteFile(path, []byte(strings.Replace(string(b), now, was, 1)), 0o600))
	check(t, s.Verify(here))
	check(t, s.Claim(here))
	if after, err := os.ReadFile(path); err != nil || !slices.Equal(after, b) {
		t.Errorf("it was raised to %s, %v", after, err)
	}
	check(t, os.WriteFile(path, []byte(strings.Replace(string(b), now, `"schema": 77`, 1)), 0o600))
	for _, err := range []error{s.Verify(here), s.Claim(here)} {
		if !errors.Is(err, durable.ErrNewer) || !strings.Contains(err.Error(), "format 77") || !strings.Contains(err.Error(), s.dir) {
			t.Errorf("a newer format: %v", err)
		}
	}
}

// TestADamagedCopyCanBeAdopted: nothing of what it describes has an effect afterwards.
func TestADamagedCopyCanBeAdopted(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	live(t, s, l, "exp")
	a, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	half(t, s.intentPath(a.Nonce))
	half(t, s.revisionPath("exp", 1))
	check(t, l.Adopt(drivers.Place{Site: "s"}))
	if heads, err := s.Heads(); len(heads) != 0 || err != nil {
		t.Errorf("declared afterwards: %+v, %v", heads, err)
	}
	all, err := s.Attempts()
	if i := slices.IndexFunc(all, func(b plan.Attempt) bool { return b.Nonce == a.Nonce }); err != nil || i >= 0 && all[i].End == nil {
		t.Errorf("open afterwards: %+v, %v", all, err)
	}
}

// TestAnOlderRecordOfARunThatWasSetAside: it says that the run counts, and the list of ended runs that it does not.
func TestAnOlderRecordOfARunThatWasSetAside(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	r, err := l.CreateRun(plan.Run{ID: "b-1", Experiment: "exp", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{})
	check(t, err)
	r.Phase = v1alpha1.RunComplete
	check(t, l.UpdateRun(r))
	path := filepath.Join(r.Dir, runFile)
	old, err := os.ReadFile(path)
	check(t, err)
	check(t, l.SetAside("exp", "b-1", v1alpha1.RunSuperseded, plan.AskedAgain, "again"))
	check(t, os.WriteFile(path, old, 0o600))
	all, err := s.Runs("exp")
	check(t, err)
	one, err := s.Run("exp", "b-1")
	check(t, err)
	for _, r := range append(all, one) {
		if r.Phase != v1alpha1.RunSuperseded || r.Reason != plan.AskedAgain || r.Message != "again" {
			t.Errorf("it is %s (%s: %s)", r.Phase, r.Reason, r.Message)
		}
	}
}
