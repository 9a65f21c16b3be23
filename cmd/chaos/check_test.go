package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
)

func checkerOf(t *testing.T, log string) checker {
	t.Helper()
	w := &world{dir: t.TempDir()}
	w.state = filepath.Join(w.dir, "state")
	if err := os.MkdirAll(filepath.Join(w.dir, "slurm", "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(w.dir, "slurm", "log", "jobcomp.log"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(strings.ReplaceAll(log, "STATE", w.state)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	j := &journal{begun: time.Now(), told: map[string]bool{}}
	return checker{w, j, newWatch(w, j)}
}

const completion = "JobId=5 UserId=root(0) GroupId=root(0) Name=assay.web.files.0.x JobState=CANCELLED Partition=cpu TimeLimit=600 StartTime=2026-11-28T02:00:00 EndTime=2026-11-28T02:00:30 NodeList=n1 NodeCnt=1 ProcCnt=1 WorkDir=STATE/jobs/web/files-0/aaaa \n"

// TestOverlapIsFound: Slurm's own log of two attempts of one seat.
func TestOverlapIsFound(t *testing.T) {
	second := func(start, place string) string {
		s := strings.Replace(completion, "StartTime=2026-11-28T02:00:00", "StartTime=2026-11-28T"+start, 1)
		return strings.Replace(strings.Replace(s, "EndTime=2026-11-28T02:00:30", "EndTime=2026-11-28T02:05:00", 1), "files-0/aaaa", place, 1)
	}
	for name, c := range map[string]struct {
		log  string
		want int
	}{
		"one after the other": {completion + second("02:00:30", "files-0/bbbb"), 0},
		"both at once":        {completion + second("02:00:20", "files-0/bbbb"), 1},
		"of two seats":        {completion + second("02:00:20", "files-1/bbbb"), 0},
		"requeued":            {completion + second("02:00:20", "files-0/aaaa"), 0},
		"of others":           {completion + strings.Replace(second("02:00:20", "files-0/bbbb"), "STATE", "/tmp", 1), 0},
	} {
		check := checkerOf(t, c.log)
		check.jobs()
		if got := len(check.j.violations); got != c.want {
			t.Errorf("%s: %d violations, want %d: %v", name, got, c.want, check.j.violations)
		}
		forgetful := checkerOf(t, c.log)
		forgetful.w.rewinds = []time.Time{time.Date(2026, 11, 28, 2, 0, 25, 0, time.Local)}
		if forgetful.jobs(); len(forgetful.j.violations) > 0 {
			t.Errorf("%s: a log of a slurmctld that forgot is taken for proof: %v", name, forgetful.j.violations)
		}
	}
}

// TestDeadIsFound: a server that does not answer, and is called Ready.
func TestDeadIsFound(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	status := func(ready bool) v1alpha1.ServiceStatus {
		return v1alpha1.ServiceStatus{Conditions: []v1alpha1.Condition{{Type: v1alpha1.Ready, Status: v1alpha1.True}},
			Seats: []v1alpha1.SeatStatus{{Seat: "web/left/0", Ready: ready, Endpoint: server.URL}}}
	}
	for name, c := range map[string]struct {
		ready bool
		after time.Duration
		want  int
	}{
		"not for long": {true, deadFor, 0}, "for too long": {true, deadFor + grace + time.Second, 1}, "and not called Ready": {false, time.Hour, 0},
	} {
		s := checkerOf(t, "").s
		now := time.Now()
		if why := s.judge("web/left", status(true), now); why == "" {
			t.Errorf("%s: a server that was never asked is up", name)
		}
		s.ask()
		s.judge("web/left", status(c.ready), now.Add(c.after))
		if got := len(s.j.violations); got != c.want {
			t.Errorf("%s: %d violations, want %d", name, got, c.want)
		}
	}
}

// TestTouchIsFound: a cancel and a change of a job of others, in slurmctld's log and in the completion log.
func TestTouchIsFound(t *testing.T) {
	asked := "[" + time.Now().Add(time.Second).Format("2006-01-02T15:04:05.000") + "] _slurm_rpc_"
	for name, c := range map[string]struct {
		done, asked string
		fault       bool // did it
		want        int
	}{
		"nothing":                      {"", "[2026-11-28T02:52:55.432] sched: Allocate JobId=7 NodeList=n5\n", false, 0},
		"cancelled":                    {strings.Replace(completion, "JobId=5", "JobId=7", 1), asked + "kill_job: REQUEST_KILL_JOB JobId=7 uid 0\n", false, 2},
		"changed":                      {"", asked + "update_job: complete JobId=7 uid=0 usec=520\n", false, 1},
		"one of ours is":               {completion, asked + "kill_job: REQUEST_KILL_JOB JobId=5 uid 0\n", false, 0},
		"one that had the id before":   {"", "[2020-11-28T02:52:55.432] _slurm_rpc_kill_job: REQUEST_KILL_JOB JobId=7 uid 0\n", false, 0},
		"by a fault, while ids change": {"", asked + "kill_job: REQUEST_KILL_JOB JobId=7 uid 0\n", true, 0},
		"it fell with its node":        {strings.NewReplacer("JobId=5", "JobId=7", "CANCELLED", "NODE_FAIL").Replace(completion), "", false, 0},
	} {
		check := checkerOf(t, c.done)
		check.w.others.ids = []string{"7"}
		check.w.others.add("7")
		if c.fault {
			check.w.others.broken("7")
		}
		if err := create(filepath.Join(check.w.dir, "slurm", "log", "slurmctld.log"), c.asked); err != nil {
			t.Fatal(err)
		}
		check.foreignLogged()
		if got := len(check.j.violations); got != c.want {
			t.Errorf("%s: %d violations, want %d: %v", name, got, c.want, check.j.violations)
		}
	}
}

// TestTrueTime: a time that slurmctld wrote on a stepped clock, and others.
func TestTrueTime(t *testing.T) {
	w := &world{}
	now := time.Now()
	at := w.openWindow(clockStep)
	for name, c := range map[string]struct{ is, want time.Time }{
		"stepped": {now.Add(clockStep), now}, "true": {now, now}, "none": {time.Time{}, time.Time{}},
	} {
		if got := w.trueTime(c.is); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	w.closeWindow(at)
	if late := now.Add(clockStep + time.Hour); !w.trueTime(late).Equal(late) {
		t.Error("a time after the window is changed")
	}
}
