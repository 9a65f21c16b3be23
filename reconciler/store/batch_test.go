package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// three begins attempts of three seats together.
func three(t *testing.T, l *Lease) []plan.Attempt {
	t.Helper()
	var wanted []plan.Attempt
	for slot := range 3 {
		wanted = append(wanted, plan.Attempt{Seat: drivers.Seat{Experiment: "exp", Group: "llm", Slot: slot}, Experiment: "exp"})
	}
	made, errs := l.BeginAll(wanted)
	check(t, errors.Join(errs...))
	return made
}

// expectAttempts demands that s has these attempts, in any order.
func expectAttempts(t *testing.T, s *Store, want ...plan.Attempt) {
	t.Helper()
	all, err := s.Attempts()
	check(t, err)
	for _, a := range all {
		i := slices.IndexFunc(want, func(b plan.Attempt) bool { return b.Nonce == a.Nonce })
		if i < 0 || a.Seat != want[i].Seat || a.JobID != want[i].JobID || a.Cancelled != want[i].Cancelled || (a.End == nil) != (want[i].End == nil) {
			t.Errorf("attempt %+v", a)
		}
	}
	if len(all) != len(want) {
		t.Errorf("%d attempts, want %d", len(all), len(want))
	}
}

func filesOf(t *testing.T, s *Store, folder string) []string {
	t.Helper()
	names, err := durable.Names(filepath.Join(s.Dir(), folder))
	check(t, err)
	return names
}

// TestAttemptsThatBeginTogether cost one file, and so does what is written of all of them later. Occupied seats are left out.
func TestAttemptsThatBeginTogether(t *testing.T) {
	var calls []string
	s, err := Open(t.TempDir(), Options{Hook: func(call string) {
		if rest, ok := strings.CutPrefix(call, "after "); ok && rest != "mkdir" {
			calls = append(calls, rest)
		}
	}})
	check(t, err)
	l := acquire(t, s)
	expect := func(what, want string) {
		t.Helper()
		if got := strings.Join(calls, " "); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		calls = nil
	}
	calls = nil
	all := three(t, l)
	expect("three intents", "create write fsync rename fsync dir")
	all[1].JobID = "7"
	check(t, l.Acknowledge(all[1]))
	expect("an answer", "append")
	for i := range all {
		all[i].Cancelled = plan.Deleted
	}
	check(t, errors.Join(l.UpdateAll(all)...))
	expect("three cancels", "append fsync")
	expectAttempts(t, s, all...)
	all[2].End = &plan.End{State: drivers.JobCancelled}
	check(t, l.Update(all[2]))
	again, errs := l.BeginAll([]plan.Attempt{{Seat: all[0].Seat}, {Seat: all[2].Seat}, {Seat: all[2].Seat}})
	if !errors.Is(errs[0], drivers.ErrRejected) || errs[1] != nil || !errors.Is(errs[2], drivers.ErrRejected) {
		t.Errorf("seats that are occupied: %v", errs)
	}
	if again[1].Number != 2 || again[1].Nonce == "" || again[0].Nonce != "" {
		t.Errorf("they began as %+v", again)
	}
	if files := filesOf(t, s, "intents"); len(files) != 2 {
		t.Errorf("the files are %q", files)
	}
	if _, _, ok := batchOf(all[0].Nonce); !ok || len(all[0].Nonce) != len(all[2].Nonce) || all[0].Nonce == all[1].Nonce {
		t.Errorf("the nonces are %s, %s", all[0].Nonce, all[1].Nonce)
	}
}

// TestABatchCutAnywhere is damaged, with all its seats known, or tells of all its attempts: none is lost.
func TestABatchCutAnywhere(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	all := three(t, l)
	path := filepath.Join(s.Dir(), "intents", filesOf(t, s, "intents")[0])
	first, err := os.Stat(path)
	check(t, err)
	all[0].JobID = "7"
	check(t, l.Acknowledge(all[0]))
	second, err := os.Stat(path)
	check(t, err)
	for i := range all {
		all[i].Cancelled = plan.Deleted
	}
	check(t, errors.Join(l.UpdateAll(all)...))
	whole, err := os.ReadFile(path)
	check(t, err)
	for n := range len(whole) + 1 {
		for _, tail := range []string{"", "\x00\x00"} {
			check(t, os.WriteFile(path, append(slices.Clone(whole[:n]), tail...), 0o600))
			got, err := s.Attempts()
			damages, err := Tolerate(err)
			check(t, err)
			id, cancelled := drivers.JobID(""), plan.Reason("")
			if int64(n) >= second.Size() {
				id = "7"
			}
			if n == len(whole) {
				cancelled = plan.Deleted
			}
			switch {
			case int64(n) < first.Size()-1 || int64(n) < first.Size() && tail != "":
				if len(damages) != 3 || len(got) != 0 {
					t.Fatalf("cut after %d bytes: %d damaged, %d read", n, len(damages), len(got))
				}
				for i, d := range damages {
					if d.Attempt.Seat != all[i].Seat || d.Attempt.Nonce != all[i].Nonce {
						t.Fatalf("cut after %d bytes: %+v", n, d)
					}
				}
			case len(got) != 3 || len(damages) != 0 || got[0].JobID != id || got[2].Cancelled != cancelled:
				t.Fatalf("cut after %d of %d bytes: %d damaged, %+v", n, len(whole), len(damages), got)
			}
		}
	}
	for _, bad := range []string{"x", "{}", "{\n \"schema\": 4,\n \"attempts\":[{\"nonce\":\"other\"}]\n}\n{"} {
		check(t, os.WriteFile(path, []byte(bad), 0o600))
		if _, err := s.Attempts(); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
	check(t, os.WriteFile(path, []byte("{\n \"schema\": 5,\n \"attempts\":[]\n}\n"), 0o600))
	if _, err := s.Attempts(); !errors.Is(err, durable.ErrNewer) {
		t.Errorf("of a newer assay: %v", err)
	}
}

// TestABatchIsRebuilt: records of their own take the place of a damaged batch, one after the other, and then it goes.
func TestABatchIsRebuilt(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	all := three(t, l)
	name := filesOf(t, s, "intents")[0]
	check(t, os.WriteFile(filepath.Join(s.Dir(), "intents", name), []byte("{tor"), 0o600))
	check(t, l.Release())
	l = acquire(t, s)
	for i, a := range all {
		_, err := l.Attempts()
		damages, err := Tolerate(err)
		check(t, err)
		if len(damages) != 3-i {
			t.Fatalf("%d are damaged after %d were rebuilt", len(damages), i)
		}
		a.Damaged, a.JobID = damages[0].Attempt.Damaged, "7"
		all[i].JobID = "7"
		check(t, l.Update(a))
	}
	got, err := l.Attempts()
	check(t, err)
	if len(got) != 3 {
		t.Errorf("%d attempts", len(got))
	}
	if files := filesOf(t, s, "intents"); len(files) != 3 || slices.Contains(files, name) {
		t.Errorf("the files are %q", files)
	}
	if aside := filesOf(t, s, "archive"); len(aside) != 1 || !strings.HasPrefix(aside[0], "damaged-intents-") {
		t.Errorf("set aside are %q", aside)
	}
	all[0].Cancelled = plan.Deleted
	check(t, l.Update(all[0]))
	expectAttempts(t, s, all...)
}

// TestWritersOfABatchDoNotWait: who finds its file being written makes a record of its own, which counts, also for another holder; what
// is only an answer is written by the other one.
func TestWritersOfABatchDoNotWait(t *testing.T) {
	var meanwhile func()
	s, err := Open(t.TempDir(), Options{Hook: func(call string) {
		if f := meanwhile; f != nil && call == "before append" {
			meanwhile = nil
			f()
		}
	}})
	check(t, err)
	l := acquire(t, s)
	all := three(t, l)
	meanwhile = func() {
		all[1].JobID = "8"
		check(t, l.Acknowledge(all[1]))
	}
	all[0].JobID = "7"
	check(t, l.Acknowledge(all[0]))
	expectAttempts(t, s, all...)
	if files := filesOf(t, s, "intents"); len(files) != 1 {
		t.Errorf("two answers at once: the files are %q", files)
	}
	meanwhile = func() {
		all[1].Cancelled = plan.Deleted
		check(t, l.Update(all[1]))
	}
	all[0].Cancelled = plan.Deleted
	check(t, l.Update(all[0]))
	expectAttempts(t, s, all...)
	if files := filesOf(t, s, "intents"); len(files) != 2 {
		t.Errorf("two updates at once: the files are %q", files)
	}
	check(t, l.Release())
	l = acquire(t, s)
	for i := range all {
		all[i].JobID = "9"
	}
	check(t, errors.Join(l.UpdateAll(all)...))
	expectAttempts(t, s, all...)
	for range 1000 {
		check(t, l.Update(all[2]))
	}
	if info, err := os.Stat(s.intentPath(all[2].Nonce[:batchName])); err != nil || info.Size() > mostBatch {
		t.Errorf("it has %d bytes, %v", info.Size(), err)
	}
	expectAttempts(t, s, all...)
	older := acquireOver(t, s, l)
	if err := older.Update(all[0]); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("a holder that was replaced writes: %v", err)
	}
	expectAttempts(t, s, all...)
}

// acquireOver takes the lease from l, which does not know, and returns l.
func acquireOver(t *testing.T, s *Store, l *Lease) *Lease {
	t.Helper()
	_, err := s.take("another", l.me)
	check(t, err)
	return l
}

// TestABatchIsArchived with a failure at every call: each attempt is always at one of the two places, and in the end all are in
// the archive.
func TestABatchIsArchived(t *testing.T) {
	for fail := 0; ; fail++ {
		calls, armed := 0, false
		s, err := Open(t.TempDir(), Options{NoSync: true, Fault: func(string) error {
			if calls++; armed && calls == fail {
				return errors.New("a fault")
			}
			return nil
		}})
		check(t, err)
		l := acquire(t, s)
		all := three(t, l)
		for i := range all {
			all[i].End = &plan.End{State: drivers.JobCompleted}
		}
		check(t, l.writeAttempt(s.recording(), all[0]))
		b := l.journal.batches[all[0].Nonce[:batchName]]
		b.busy = true
		check(t, l.writeAttempt(s.recording(), all[1])) // gets a record of its own
		b.busy = false
		check(t, l.writeAttempt(s.recording(), all[2]))
		calls, armed = 0, true
		failed := l.archiveAll("exp") != nil
		armed = false
		left, err := s.Attempts()
		check(t, err)
		for _, a := range all {
			_, err := os.Stat(filepath.Join(s.Dir(), "archive", a.Nonce+".json"))
			if err != nil && !slices.ContainsFunc(left, func(b plan.Attempt) bool { return b.Nonce == a.Nonce && b.End != nil }) {
				t.Fatalf("a fault at call %d: attempt %s is nowhere", fail, a.Nonce)
			}
		}
		check(t, l.Release())
		l = acquire(t, s)
		check(t, l.archiveAll("exp"))
		if files, kept := filesOf(t, s, "intents"), filesOf(t, s, "archive"); len(files) != 0 || len(kept) != 3 {
			t.Fatalf("a fault at call %d: left are %q, archived %q", fail, files, kept)
		}
		if fail > 0 && !failed && calls < fail {
			return
		}
	}
}
