package store

import (
	"errors"
	"os"
	"strings"
	"testing"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// TestWhatASubmissionCosts counts calls: one file is made durable before the scheduler is asked, and the answer is one write.
func TestWhatASubmissionCosts(t *testing.T) {
	var calls []string
	s, err := Open(t.TempDir(), Options{Hook: func(call string) {
		if rest, ok := strings.CutPrefix(call, "after "); ok {
			calls = append(calls, rest)
		}
	}})
	check(t, err)
	l := acquire(t, s)
	_, err = l.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: seat.Experiment, Group: "other"}}) // makes the experiment's folder
	check(t, err)
	looks := 0
	durable.OnRead(func(string) { looks++ })
	t.Cleanup(func() { durable.OnRead(nil) })
	expect := func(what, want string, most int) {
		t.Helper()
		if got := strings.Join(calls, " "); got != want || looks > most {
			t.Errorf("%s: %q and %d looks at files; want %q and at most %d", what, got, looks, want, most)
		}
		calls, looks = nil, 0
	}
	calls = nil
	a, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	check(t, l.FirstDesired(a, drivers.AgentDesired{ExitWhenDone: true}))
	expect("before the call", "mkdir mkdir create write fsync rename fsync dir create write rename", 3) // the lease, and the folder of an older assay
	a.JobID = "7"
	check(t, l.Acknowledge(a))
	expect("after the call", "append", 2) // the lease
	a.Cancelled = plan.Deleted
	check(t, l.Update(a))
	expect("before a cancel", "append fsync", 2)
	if d, err := s.ReadDesired(seat, a.Nonce); err != nil || !d.ExitWhenDone || d.Generation != 1 {
		t.Errorf("the agent is told %+v, %v", d, err)
	}
}

// TestTheRecordOfAnAttemptGrows and is written anew by another holder, when somebody changed it, and when it is large.
func TestTheRecordOfAnAttemptGrows(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	a, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	path := s.intentPath(a.Nonce)
	states := func(want int) {
		t.Helper()
		b, err := os.ReadFile(path)
		check(t, err)
		if got := strings.Count(string(b), `"nonce"`); got != want {
			t.Errorf("%d states are in the record, want %d", got, want)
		}
		all, err := s.Attempts()
		check(t, err)
		if len(all) != 1 || all[0].JobID != a.JobID || all[0].Cancelled != a.Cancelled {
			t.Errorf("it is read as %+v", all)
		}
	}
	a.JobID = "7"
	check(t, l.Acknowledge(a))
	states(2)
	half(t, path) // now it is the first state, or none
	a.Cancelled = plan.Deleted
	check(t, l.Update(a))
	states(1)
	check(t, os.Remove(path))
	check(t, l.Update(a))
	states(1)
	for range 200 {
		check(t, l.Update(a))
	}
	if info, err := os.Stat(path); err != nil || info.Size() > mostStates {
		t.Errorf("it has %d bytes, %v", info.Size(), err)
	}
	check(t, l.Release())
	l = acquire(t, s)
	check(t, l.Update(a))
	states(1)
	check(t, os.WriteFile(path, []byte(`{"schema": 5}`), 0o600))
	if _, err := s.Attempts(); !errors.Is(err, durable.ErrNewer) {
		t.Errorf("the record of a newer assay: %v", err)
	}
}
