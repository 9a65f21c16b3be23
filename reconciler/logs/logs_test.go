package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store/storetest"
)

// world is a store whose jobs are only their logs.
type world struct{ storetest.Store }

func newWorld(t *testing.T) world { return world{storetest.New(t)} }

// job begins an attempt for a seat, whose job logs these files: NAME.JOB.log.
func (w world) job(group, id string, processes ...string) plan.Attempt {
	w.T.Helper()
	at := w.Job(group, id)
	for _, p := range processes {
		w.log(at, p)
	}
	return at
}

func (w world) log(at plan.Attempt, process string) {
	w.T.Helper()
	name := process + "." + string(at.JobID) + ".log"
	dir := filepath.Join(w.St.JobDir(at.Seat, at.Nonce), drivers.LogDir)
	if strings.HasPrefix(name, jobOutput+".") {
		dir = filepath.Dir(dir)
	}
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, name), []byte(name+"\n"), 0o600)); err != nil {
		w.T.Fatal(err)
	}
}

func (w world) end(at plan.Attempt) {
	w.T.Helper()
	at.End = &plan.End{State: drivers.JobFailed, At: time.Now()}
	if err := w.Lease.Update(at); err != nil {
		w.T.Fatal(err)
	}
}

func (w world) names(name string) string { return w.found(name, false) }

func (w world) found(name string, previous bool) string {
	w.T.Helper()
	files, err := Find(w.St, name, previous)
	if errors.Is(err, ErrNone) {
		return "none"
	}
	if err != nil {
		w.T.Fatal(err)
	}
	var out []string
	for _, f := range files {
		out = append(out, filepath.Base(f))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// TestPreviousLogs are those of the job before the last one, at each place; the second seat of a place is no place of its own.
func TestPreviousLogs(t *testing.T) {
	w := newWorld(t)
	w.end(w.job("llm", "1", "job", "llm"))
	w.end(w.job("llm", "2", "job", "llm"))
	w.job("llm", "3", "job", "llm")
	w.job("db", "4", "job", "db")
	for name, want := range map[string]string{"llm": "llm.2.log", "db": "", "cows": "none"} {
		if got := w.found(name, true); got != want {
			t.Errorf("before the last job of %s: %q, want %q", name, got, want)
		}
	}
	if got := w.names("llm"); got != "llm.3.log" {
		t.Errorf("of the last job: %q", got)
	}
}

// TestLogFiles finds the newest log of each server by service, component, job and node, also in a shared job.
func TestLogFiles(t *testing.T) {
	w := newWorld(t)
	w.end(w.job("mon", "1", "job", "mon.grafana", "mon.prometheus"))
	mon := w.job("mon", "2", "job", "mon.prometheus")
	w.job("shared", "3", "job", "llm", "db")
	w.job("young", "4", "job")
	state := filepath.Join(w.St.JobDir(mon.Seat, mon.Nonce), drivers.StateFile)
	if err := os.WriteFile(state, []byte(`{"node":"n1","nodes":[{"name":"n1"},{"name":"n2"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"mon":            "mon.grafana.1.log mon.prometheus.2.log",
		"mon.grafana":    "mon.grafana.1.log",
		"e/mon":          "mon.grafana.1.log mon.prometheus.2.log",
		"e/mon.grafana":  "mon.grafana.1.log",
		"llm":            "llm.3.log",
		"db":             "db.3.log",
		"young":          "job.4.log",
		"3":              "db.3.log job.3.log llm.3.log",
		"node/n2":        "job.2.log mon.prometheus.2.log",
		"mo":             "none",
		"x/mon":          "none",
		"mon.nothing":    "none",
		"node/elsewhere": "none",
	} {
		if got := w.names(name); got != want {
			t.Errorf("logs %s: %s, want %s", name, got, want)
		}
	}
}

// TestFollowMovesOn prints what a later job of the same service logs, under its file's name.
func TestFollowMovesOn(t *testing.T) {
	w := newWorld(t)
	first := w.job("web", "1", "web")
	var out, talk synced
	note := func(format string, v ...any) { fmt.Fprintf(&talk, format+"\n", v...) }
	p := &Printer{Store: w.St, Name: "web", Out: &out, Note: note}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Print(ctx, -1, true) }()
	out.await(t, "web.1.log\n")
	w.end(first)
	w.job("web", "2", "web")
	out.await(t, "web.1.log\nweb.2.log\n")
	if !strings.Contains(talk.String(), "==> ") {
		t.Error("nothing says that another file is printed")
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// synced is a buffer for two goroutines.
type synced struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*synced)(nil)

func (s *synced) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *synced) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *synced) await(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); s.String() != want; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("printed %q, want %q", s.String(), want)
		}
	}
}
