package slurm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers"
	"assay/drivers/drivertest"
)

// TestListingMessages: a listing that comes with a message may be a part of the world, so it is an error, whatever the
// exit code. The first and the last text are squeue 22.05.8's.
func TestListingMessages(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	answer := func(script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "squeue"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := New()
	for message, code := range map[string]string{
		"squeue: error: Invalid user: UNKNOWN":                                        "0",
		"squeue: warning: a word that was never seen before":                          "0",
		"slurm_load_jobs error: Unable to contact slurm controller (connect failure)": "1",
	} {
		answer("echo '" + message + "' >&2\nexit " + code + "\n")
		jobs, err := s.Jobs(t.Context(), "s")
		if !errors.Is(err, drivers.ErrUnavailable) || jobs != nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%q with exit code %s gave %v, %v", message, code, jobs, err)
		}
	}
	answer("echo '" + strings.Repeat("x", 100) + "'\nexec yes 0123456789\n") // which has no end: a part of a listing is none
	if jobs, err := s.Jobs(t.Context(), "s"); !errors.Is(err, drivers.ErrUnavailable) || jobs != nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a listing without end gave %d jobs, %v", len(jobs), err)
	}
	answer("echo \"$@\" > " + filepath.Join(dir, "argv") + "\n")
	if jobs, err := s.Jobs(t.Context(), "s"); err != nil || len(jobs) > 0 {
		t.Errorf("an empty list without a message gave %v, %v", jobs, err)
	}
	argv, err := os.ReadFile(filepath.Join(dir, "argv"))
	if want := " -u " + uid() + " "; err != nil || !strings.Contains(string(argv), want) {
		t.Errorf("squeue was asked with %q, without%s(%v)", argv, want, err)
	}
}

// TestUnknownUser: squeue answers for a name that its host does not know with no jobs and exit code 0, so jobs are asked
// for by number.
func TestUnknownUser(t *testing.T) {
	c, s := start(t)
	store := fresh("user")
	submit(t, c, s, spec(t, store, "user", drivertest.RunForever))
	reach(t, s, store, drivers.JobRunning)
	stranger := *s
	stranger.user = "no-such-user"
	if jobs, err := stranger.Jobs(t.Context(), store); !errors.Is(err, drivers.ErrUnavailable) || jobs != nil {
		t.Errorf("of an unknown user squeue lists %v, %v", jobs, err)
	}
	t.Setenv("USER", "no-such-user") // names are not asked for
	t.Setenv("LOGNAME", "no-such-user")
	if jobs := listing(t, New(), store); len(jobs) != 1 {
		t.Errorf("with another name in the environment it lists %v", jobs)
	}
}

// TestTwoStores: two state directories of one account with the same experiment do not wait for each other, and a job with
// the name that an older assay gave it is found by its comment.
func TestTwoStores(t *testing.T) {
	c, s := start(t)
	here, there := fresh("stores"), fresh("stores")
	for _, store := range []string{here, there} {
		sp := spec(t, store, store, drivertest.RunForever)
		sp.Tag.Seat = drivers.Seat{Experiment: "exp", Group: "llm"}
		sp.Name = sp.Tag.JobName()
		submit(t, c, s, sp)
	}
	older := fresh("stores")
	sp := spec(t, older, older, drivertest.RunForever)
	sp.Name = "assay.exp.llm.0"
	submit(t, c, s, sp)
	for _, store := range []string{here, there, older} {
		reach(t, s, store, drivers.JobRunning)
	}
}
