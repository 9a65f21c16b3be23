package slurm

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/drivertest"
	"assay/drivers/slurm/cluster"
)

// TestAccounting runs on a cluster with slurmdbd, QOSs and limits: what sites have, and the shared cluster has not.
func TestAccounting(t *testing.T) {
	if !cluster.AccountingInstalled() && os.Getenv("ASSAY_REQUIRE_ACCOUNTING") != "1" {
		t.Skip("slurmdbd and MariaDB are not installed: apt-get install slurmdbd mariadb-server, or make test-sites")
	}
	began := time.Now()
	c, end, err := up(cluster.Accounting)
	if end != nil {
		t.Cleanup(end)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the cluster was up after %s", time.Since(began).Round(time.Millisecond))
	s := scheduler(t, c)
	t.Run("ends are found after the controller has forgotten the job", func(t *testing.T) { endsInAccounting(t, c, s) })
	t.Run("accounts and QOSs", func(t *testing.T) { accounts(t, s) })
	t.Run("limits of a QOS", func(t *testing.T) { limits(t, c, s) })
}

// endsInAccounting asks for the ends of jobs that the listing does not show any more.
func endsInAccounting(t *testing.T, c *cluster.Cluster, s *Scheduler) {
	type end struct {
		state        drivers.JobState
		exit, signal int
	}
	ids, want := map[string]drivers.JobID{}, map[string]end{}
	for nonce, job := range map[string]struct {
		does drivertest.Behaviour
		end  end
	}{
		"done":   {drivertest.ExitZero, end{state: drivers.JobCompleted}},
		"seven":  {drivertest.ExitSeven, end{state: drivers.JobFailed, exit: 7}},
		"killed": {drivertest.DieBySignal, end{state: drivers.JobFailed, signal: 9}},
	} {
		store := fresh(nonce)
		ids[nonce], want[nonce] = submit(t, c, s, spec(t, store, nonce, job.does)), job.end
		reach(t, s, store, job.end.state)
	}
	store := fresh("cancelled")
	id := submit(t, c, s, spec(t, store, "cancelled", drivertest.RunForever))
	reach(t, s, store, drivers.JobRunning)
	if err := s.Cancel(t.Context(), id, "cancelled"); err != nil {
		t.Fatal(err)
	}
	reach(t, s, store, drivers.JobCancelled)
	ids["cancelled"], want["cancelled"] = id, end{state: drivers.JobCancelled}

	until(t, "accounting to have every end", func() bool {
		out, err := c.Run("sacct", "-X", "-n", "-P", "-o", "State,End")
		return err == nil && strings.Count(out, "\n") >= len(ids) && !strings.Contains(out, "RUNNING") && !strings.Contains(out, "Unknown")
	})
	if err := c.Forget(); err != nil {
		t.Fatal(err)
	}
	for nonce, id := range ids {
		if out, err := c.Run("scontrol", "show", "job", string(id)); err == nil {
			t.Fatalf("the controller still knows job %s: %s", id, out)
		}
		j, err := s.Ended(t.Context(), id, nonce)
		got := end{j.State, j.Exit, j.Signal}
		if nonce == "cancelled" {
			got.signal = 0 // SIGTERM or SIGKILL, whichever came first
		}
		if err != nil || got != want[nonce] || j.ID != id || j.Tag.Nonce != nonce {
			t.Errorf("job %s (%s) ended as %+v, %v; want %+v", id, nonce, j, err, want[nonce])
		}
		if j, err := s.Ended(t.Context(), id, "another"); !errors.Is(err, drivers.ErrNotFound) {
			t.Errorf("job %s with another nonce ended as %+v, %v", id, j, err)
		}
	}
	if j, err := s.Ended(t.Context(), "4000000", "never"); !errors.Is(err, drivers.ErrNotFound) {
		t.Errorf("a job that never was ended as %+v, %v", j, err)
	}
}

// accounts submits to accounts and QOSs that exist and to ones that do not.
func accounts(t *testing.T, s *Scheduler) {
	for name, c := range map[string]struct {
		account, qos string
		limit        time.Duration
		accepted     bool
	}{
		"the account":                     {account: cluster.Account, accepted: true},
		"the account and a QOS":           {account: cluster.Account, qos: cluster.QOSStrict, accepted: true},
		"an unknown account":              {account: "nowhere"},
		"an unknown QOS":                  {qos: "nowhere"},
		"too long for a QOS that rejects": {qos: cluster.QOSStrict, limit: time.Hour},
	} {
		sp := spec(t, fresh("account"), "account", drivertest.ExitZero)
		sp.Account, sp.QOS = c.account, c.qos
		if c.limit > 0 {
			sp.Time = c.limit
		}
		id, err := s.Submit(t.Context(), sp)
		t.Logf("%s: %v", name, err)
		if c.accepted && err != nil || !c.accepted && (id != "" || !errors.Is(err, drivers.ErrRejected)) {
			t.Errorf("%s gave job %q, %v", name, id, err)
		}
	}
}

// limits reaches the limits of a QOS: on running jobs, on the time limit and on submitted jobs.
func limits(t *testing.T, c *cluster.Cluster, s *Scheduler) {
	inQOS := func(nonce string, limit time.Duration) drivers.JobSpec {
		sp := spec(t, fresh(nonce), nonce, drivertest.RunForever)
		sp.QOS, sp.Time = cluster.QOSShort, limit
		return sp
	}
	waits := func(sp drivers.JobSpec, reason string) {
		t.Helper()
		var jobs []drivers.Job
		until(t, sp.Tag.Nonce+" to wait for "+reason, func() bool {
			jobs = listing(t, s, sp.Tag.Store)
			return len(jobs) == 1 && jobs[0].State == drivers.JobPending && jobs[0].Reason == reason
		})
	}
	long := inQOS("long", time.Hour)
	id := submit(t, c, s, long)
	waits(long, "QOSMaxWallDurationPerJobLimit")
	if err := s.Cancel(t.Context(), id, "long"); err != nil {
		t.Fatal(err)
	}
	reach(t, s, long.Tag.Store, drivers.JobCancelled)

	first, second, third := inQOS("first", time.Minute), inQOS("second", time.Minute), inQOS("third", time.Minute)
	running := submit(t, c, s, first)
	reach(t, s, first.Tag.Store, drivers.JobRunning)
	submit(t, c, s, second)
	waits(second, "QOSMaxJobsPerUserLimit")
	if id, err := s.Submit(t.Context(), third); id != "" || !errors.Is(err, drivers.ErrRejected) {
		t.Errorf("a third job of the QOS gave job %q, %v", id, err)
	} else {
		t.Logf("a third job: %v", err)
	}
	if err := s.Cancel(t.Context(), running, "first"); err != nil {
		t.Fatal(err)
	}
	reach(t, s, second.Tag.Store, drivers.JobRunning)
}
