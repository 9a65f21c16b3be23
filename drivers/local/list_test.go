package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// TestOlderRecords: what an assay wrote that knew no schema, host or pid namespace is read.
func TestOlderRecords(t *testing.T) {
	sp := spec(t, "s", "older", "forever")
	s, id := start(t, sp)
	await(t, s, id, running)
	folder := s.folder(string(id))
	var st started
	if err := durable.ReadRecord(filepath.Join(folder, startedFile), &st); err != nil {
		t.Fatal(err)
	}
	job, err := json.Marshal(sp)
	if err != nil {
		t.Fatal(err)
	}
	older := func(pid int) string {
		return fmt.Sprintf(`{"pid":%d,"start":%q,"boot":%q,"at":"2026-01-02T03:04:05Z"}`, pid, st.Start, st.Boot)
	}
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now, err := os.ReadFile(filepath.Join(folder, startedFile))
	if err != nil {
		t.Fatal(err)
	}
	write(jobFile, string(job))
	write(limitFile, "3600000000000000")
	write(startedFile, older(st.PID))
	if j, err := s.read(string(id)); err != nil || j.State != drivers.JobRunning || j.Tag != sp.Tag || j.Limit != 1000*time.Hour || j.Started.Year() != 2026 || len(j.Nodes) != 1 || j.Nodes[0] == "" {
		t.Errorf("read is %+v, %v", j, err)
	}
	write(startedFile, older(1<<22+1)) // it has no such process, which proves nothing without a pid namespace
	if jobs, err := s.Jobs(t.Context(), "s"); !errors.Is(err, drivers.ErrUnavailable) || len(jobs) != 0 || !strings.Contains(fmt.Sprint(err), "rm -r "+folder) {
		t.Errorf("listed is %+v, %v", jobs, err)
	}
	write(startedFile, string(now))
}

// TestNeverStarted: a job whose shepherd did not come is over, and a shepherd that comes later than that runs nothing.
func TestNeverStarted(t *testing.T) {
	s := open(t, t.TempDir())
	s.o.Shepherd = []string{"true"}
	sp := spec(t, "s", "late", "argv")
	id, err := s.Submit(t.Context(), sp)
	if err != nil {
		t.Fatal(err)
	}
	if j, err := s.read(string(id)); err != nil || j.State != drivers.JobPending {
		t.Errorf("at first it is %+v, %v", j, err)
	}
	old := time.Now().Add(-startWithin - time.Second)
	if err := os.Chtimes(filepath.Join(s.folder(string(id)), jobFile), old, old); err != nil {
		t.Fatal(err)
	}
	if j, err := s.read(string(id)); err != nil || j.State != drivers.JobFailed || j.Reason != "NeverStarted" {
		t.Errorf("then it is %+v, %v", j, err)
	}
	if err := Shepherd(s.dir, string(id)); err == nil {
		t.Error("a late shepherd took it")
	}
	if _, err := os.Stat(filepath.Join(sp.Dir, "argv.json")); err == nil {
		t.Error("a late shepherd ran it")
	}
}

// TestForgotten: an ended job is kept for a day, and a submission after that removes its folder; a listing removes
// nothing. A damaged record makes the listing an error.
func TestForgotten(t *testing.T) {
	s := open(t, t.TempDir())
	submit := func(nonce string) (drivers.JobID, string) {
		t.Helper()
		id, err := s.Submit(t.Context(), spec(t, "s", nonce, "exit", "0"))
		if err != nil {
			t.Fatal(err)
		}
		await(t, s, id, drivers.JobState.Terminal)
		return id, s.folder(string(id))
	}
	listed := func() (ids []drivers.JobID) {
		t.Helper()
		jobs, err := s.Jobs(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range jobs {
			ids = append(ids, j.ID)
		}
		return ids
	}
	old, folder := submit("old")
	young, _ := submit("young")
	e := end{State: drivers.JobCompleted, At: time.Now().Add(-forgetAfter - time.Minute)}
	if err := files.ReplaceRecord(filepath.Join(folder, endFile), e, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := listed(); !slices.Equal(got, []drivers.JobID{old, young}) {
			t.Errorf("listed are %v", got)
		}
	}
	last, folder := submit("last")
	if got := listed(); !slices.Equal(got, []drivers.JobID{young, last}) {
		t.Errorf("after a submission listed are %v", got)
	}
	if err := os.WriteFile(filepath.Join(folder, jobFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if jobs, err := s.Jobs(t.Context(), "s"); !errors.Is(err, drivers.ErrUnavailable) || jobs != nil {
		t.Errorf("of a damaged record it lists %+v, %v", jobs, err)
	}
}
