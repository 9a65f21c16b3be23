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
