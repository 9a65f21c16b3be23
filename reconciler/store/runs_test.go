package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"

	"github.com/google/go-cmp/cmp"
)

func TestARunIsCreatedOnce(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	first, err := l.CreateRun(plan.Run{ID: "b-1", Experiment: "exp", Key: "one", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{Run: "b-1", Seed: 1})
	check(t, err)
	again, err := l.CreateRun(plan.Run{ID: "b-1", Experiment: "exp", Key: "two", Phase: v1alpha1.RunPending}, drivers.SuiteRequest{Run: "b-1", Seed: 2})
	check(t, err)
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the second creation changed the run: %s", d)
	}
	var req drivers.SuiteRequest
	check(t, durable.ReadRecord(filepath.Join(first.Dir, drivers.RequestFile), &req))
	if req.Seed != 1 {
		t.Errorf("the second creation changed the request: seed %d", req.Seed)
	}
}

func TestRunsFollowTheirFiles(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	only := func() plan.Run {
		t.Helper()
		runs, err := s.Runs("")
		check(t, err)
		if len(runs) != 1 {
			t.Fatalf("%d runs", len(runs))
		}
		return runs[0]
	}
	run, err := l.CreateRun(plan.Run{ID: "b-1", Experiment: "exp", Phase: v1alpha1.RunPending, Commit: "abc"},
		drivers.SuiteRequest{Run: "b-1", Seed: 42, Serving: &v1alpha1.Serving{Dataset: "json"}})
	check(t, err)
	if r := only(); r.Claim != nil || r.Result != nil || r.Dir != run.Dir {
		t.Errorf("a new run: %+v", r)
	}
	put := func(file, content string) {
		check(t, os.WriteFile(filepath.Join(run.Dir, file), []byte(content), 0o600))
	}
	put(drivers.ClaimFile, "") // the agent is between making it and writing it
	if r := only(); r.Claim == nil {
		t.Error("a claim that is being written is no claim")
	}
	put(drivers.ClaimFile, `{"nonce": "n"}`)
	put(drivers.ResultFile, `{"run": "b-1", "valid": true, "metrics": {"x": 1}, "versions": {"assay": "v1"}}`)
	r := only()
	if r.Claim.Nonce != "n" || r.Result.Metrics["x"] != 1 {
		t.Errorf("a run with a claim and a result: %+v", r)
	}
	r.Phase, r.Ended, r.JobID, r.Nodes = v1alpha1.RunComplete, time.Unix(9, 0).UTC(), "17", []string{"n1"}
	check(t, l.UpdateRun(r))

	// run.json alone now says everything.
	var rec record
	check(t, durable.ReadRecord(filepath.Join(run.Dir, runFile), &rec))
	want := record{Run: r, Request: &drivers.SuiteRequest{Run: "b-1", Seed: 42, Serving: &v1alpha1.Serving{Dataset: "json"}}, Result: r.Result}
	want.Run.Dir, want.Run.Claim, want.Run.Result = "", nil, nil
	if d := cmp.Diff(want, rec); d != "" {
		t.Error(d)
	}
	check(t, os.Remove(filepath.Join(run.Dir, drivers.ResultFile)))
	if d := cmp.Diff(r, only()); d != "" {
		t.Errorf("an ended run read again: %s", d)
	}
	r.Reason = "Reviewed"
	check(t, l.UpdateRun(r))
	if only().Reason != "Reviewed" {
		t.Error("an ended run that was written again is read from memory")
	}
	if other := open(t, s.Dir()); other != nil {
		runs, err := other.Runs("exp")
		check(t, err)
		if len(runs) != 1 || runs[0].Result == nil || runs[0].Result.Metrics["x"] != 1 {
			t.Errorf("the result is lost with result.json: %+v", runs)
		}
	}
}

func TestEndedRunsOfOtherWritersAreNotServedFromMemory(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	reader := open(t, s.Dir())
	r, err := l.CreateRun(plan.Run{ID: "b-1", Experiment: "exp", Phase: v1alpha1.RunLost}, drivers.SuiteRequest{})
	check(t, err)
	for _, reason := range []string{"one", "two", "six"} { // of one length, within one tick of the file system's clock
		r.Reason = plan.Reason(reason)
		check(t, l.UpdateRun(r))
		runs, err := reader.Runs("exp")
		check(t, err)
		if len(runs) != 1 || string(runs[0].Reason) != reason {
			t.Errorf("reads %+v, want %s", runs, reason)
		}
	}
}

func TestOldAttemptsMoveToTheArchive(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	const n = keepEnded + 3
	for i := range n {
		a, err := l.Begin(plan.Attempt{Seat: seat, Begun: time.Unix(int64(i), 0)})
		check(t, err)
		if a.Number != i+1 {
			t.Errorf("attempt %d has number %d", i+1, a.Number)
		}
		if _, err := l.Begin(plan.Attempt{Seat: seat}); err == nil {
			t.Fatal("a seat was filled twice")
		}
		a.End = &plan.End{State: drivers.JobFailed}
		check(t, l.Update(a))
	}
	other, err := l.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: "exp", Group: "web"}})
	check(t, err)
	for _, st := range []*Store{s, open(t, s.Dir())} {
		all, err := st.Attempts()
		check(t, err)
		if len(all) != keepEnded+1 || all[0].Number != 4 || all[keepEnded].Nonce != other.Nonce {
			t.Errorf("attempts: %+v", all)
		}
	}
	archived, err := durable.Names(filepath.Join(s.Dir(), "archive"))
	check(t, err)
	if len(archived) != 3 {
		t.Errorf("archived: %q", archived)
	}
}

func TestTellRaisesTheGenerationWithEveryChange(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	a, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	for i, step := range []struct {
		process, run      string
		generation, since int64
	}{{"a", "", 1, 1}, {"a", "", 1, 1}, {"b", "", 2, 2}, {"b", "r", 3, 2}, {"b", "", 4, 2}, {"a", "", 5, 5}} {
		want := drivers.AgentDesired{Generation: 99, Processes: []drivers.Process{{Name: step.process}}}
		if step.run != "" {
			want.Runs = []drivers.Run{{ID: step.run}}
		}
		got, err := l.WriteDesired(seat, a.Nonce, want)
		check(t, err)
		told, err := s.ReadDesired(seat, a.Nonce)
		check(t, err)
		want.Generation, want.Since, want.Nonce = step.generation, step.since, a.Nonce
		if !cmp.Equal(want, got) || !cmp.Equal(want, told) {
			t.Errorf("step %d: told %+v, file %+v", i, got, told)
		}
	}
}

// TestAnAttemptReadsNoOther: the holder of the lease reads the journal once, so a submission costs the same however many
// there are. (It read all of them for each.)
func TestAnAttemptReadsNoOther(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	first, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	check(t, os.Truncate(s.intentPath(first.Nonce), 10)) // reading it would be an error
	other, err := l.Begin(plan.Attempt{Seat: drivers.Seat{Experiment: "exp", Group: "web"}})
	check(t, err)
	other.End = &plan.End{State: drivers.JobCompleted}
	check(t, l.Update(other))
	if _, err := l.Begin(plan.Attempt{Seat: seat}); !errors.Is(err, drivers.ErrRejected) {
		t.Errorf("a second attempt for an occupied seat: %v", err)
	}
	all, err := l.Attempts()
	check(t, err)
	if len(all) != 2 || all[0].Nonce != first.Nonce || all[1].End == nil {
		t.Errorf("the attempts are %+v", all)
	}
}

// TestAfterAFailedWriteTheJournalIsReadAgain: what was written then is not certain.
func TestAfterAFailedWriteTheJournalIsReadAgain(t *testing.T) {
	s := open(t, t.TempDir())
	l := acquire(t, s)
	a, err := l.Begin(plan.Attempt{Seat: seat})
	check(t, err)
	dir := filepath.Dir(s.intentPath("x"))
	check(t, os.Rename(dir, dir+".away"))
	a.JobID = "7"
	if err := l.Update(a); err == nil {
		t.Fatal("an update without its folder succeeded")
	}
	check(t, os.Rename(dir+".away", dir))
	got, ok, err := l.Attempt(seat, a.Nonce)
	check(t, err)
	if !ok || got.JobID != "" {
		t.Errorf("it is %+v, and on disk it has no job", got)
	}
}
