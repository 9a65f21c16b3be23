package slurm

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/drivertest"
	"assay/drivers/slurm/cluster"
)

// do runs a command against the cluster.
func do(t *testing.T, c *cluster.Cluster, argv ...string) {
	t.Helper()
	if out, err := c.Run(argv[0], argv[1:]...); err != nil {
		t.Fatalf("%v: %v %s", argv, err, out)
	}
}

// TestBlockedJobs: a real Slurm's words for jobs that wait for more than their turn.
func TestBlockedJobs(t *testing.T) {
	c, s := start(t)
	do(t, c, "scontrol", "create", "PartitionName=tiny", "Nodes=n1", "MaxTime=2", "MaxNodes=1", "State=UP")
	do(t, c, "scontrol", "create", "PartitionName=shut", "Nodes=n1", "State=DOWN")
	t.Cleanup(func() {
		_, _ = c.Run("scontrol", "delete", "PartitionName=tiny") // the cluster's end ends them too
		_, _ = c.Run("scontrol", "delete", "PartitionName=shut")
	})
	failed := fresh("failed")
	first := submit(t, c, s, spec(t, failed, "n", drivertest.ExitSeven))
	reach(t, s, failed, drivers.JobFailed)
	for name, v := range map[string]struct {
		change func(*drivers.JobSpec)
		after  []string // scontrol, with the job's id as the last word
		want   drivers.Block
	}{
		"held by its user":         {change: func(sp *drivers.JobSpec) { sp.Directives = []string{"--begin=now+1hour"} }, after: []string{"uhold"}, want: drivers.BlockHeldByUser},
		"held by root":             {change: func(sp *drivers.JobSpec) { sp.Directives = []string{"--begin=now+1hour"} }, after: []string{"hold"}, want: drivers.BlockHeldByAdmin},
		"too many nodes":           {change: func(sp *drivers.JobSpec) { sp.Partition, sp.Nodes = "tiny", 2 }, want: drivers.BlockTooLarge},
		"too long":                 {change: func(sp *drivers.JobSpec) { sp.Partition = "tiny" }, want: drivers.BlockTooLarge},
		"a partition that is down": {change: func(sp *drivers.JobSpec) { sp.Partition = "shut" }, want: drivers.BlockPartition},
		"a dependency":             {change: func(sp *drivers.JobSpec) { sp.Directives = []string{"--dependency=afterok:" + string(first)} }, want: drivers.BlockDependency},
		"its turn":                 {change: func(sp *drivers.JobSpec) { sp.Directives = []string{"--begin=now+1hour"} }, want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			store := fresh("blocked")
			sp := spec(t, store, "n", drivertest.RunForever)
			v.change(&sp)
			id := submit(t, c, s, sp)
			if v.after != nil {
				do(t, c, append(append([]string{"scontrol"}, v.after...), string(id))...)
			}
			ours := os.Getuid() != 0 && v.want == drivers.BlockHeldByAdmin // not in every version is the hold of who owns the daemons an administrator's
			var j drivers.Job
			for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
				if jobs := listing(t, s, store); len(jobs) == 1 {
					if j = jobs[0]; j.State == drivers.JobPending && (j.Block == v.want || ours && j.Block == drivers.BlockHeldByUser) && j.Reason != "" {
						return
					}
				}
			}
			t.Errorf("it is %s (%s), blocked as %q, want %q", j.State, j.Reason, j.Block, v.want)
		})
	}
}

// TestAdministrators: suspended, resumed, requeued, and a job that a node cannot start.
func TestAdministrators(t *testing.T) {
	c, s := start(t)
	store := fresh("admin")
	id := submit(t, c, s, spec(t, store, "n", drivertest.RunForever))
	reach(t, s, store, drivers.JobRunning)
	if os.Getuid() == 0 {
		do(t, c, "scontrol", "suspend", string(id))
		reach(t, s, store, drivers.JobSuspended)
		do(t, c, "scontrol", "resume", string(id))
		reach(t, s, store, drivers.JobRunning)
	}
	do(t, c, "scontrol", "update", "JobId="+string(id), "Requeue=1")
	do(t, c, "scontrol", "requeue", string(id))
	if j := reach(t, s, store, drivers.JobPending); j.ID != id || j.Tag.Nonce != "n" || !j.Started.IsZero() || j.Block != "" {
		t.Errorf("requeued it is %+v", j)
	}
	unstartable := fresh("launch")
	sp := spec(t, unstartable, "n", drivertest.RunForever)
	file := filepath.Join(sp.Dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sp.Directives = []string{"--output=" + filepath.Join(file, "log")} // a missing folder does no harm from 24.11 on
	submit(t, c, s, sp)
	if j := reach(t, s, unstartable, drivers.JobFailed); !j.LaunchBlamed {
		t.Errorf("it ended with the reason %s, and the launch is not blamed", j.Reason)
	}
}

// TestAnExtensionIsNotUndone: a change that was decided on an older limit is not made.
func TestAnExtensionIsNotUndone(t *testing.T) {
	c, s := start(t)
	store := fresh("limit")
	id := submit(t, c, s, spec(t, store, "n", drivertest.RunForever))
	j := reach(t, s, store, drivers.JobRunning)
	do(t, c, "scontrol", "update", "JobId="+string(id), "TimeLimit=50")
	lower := 3 * time.Minute
	if err := s.Reconfigure(t.Context(), id, "n", drivers.Change{Time: &lower, Was: j.Limit}); err == nil {
		t.Error("a limit was lowered that had just been raised")
	}
	if j := listing(t, s, store)[0]; j.Limit != 50*time.Minute {
		t.Errorf("its limit is %s", j.Limit)
	}
	if err := s.Reconfigure(t.Context(), id, "n", drivers.Change{Time: &lower, Was: 50 * time.Minute}); err != nil {
		t.Errorf("with the limit that it has: %v", err)
	}
}

// TestTheWalltimeIsAnnounced: the batch process gets a signal of its own, no earlier than the listing says that the
// walltime counts, and has ended in order before Slurm ends it.
func TestTheWalltimeIsAnnounced(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a walltime of a minute")
	}
	c, s := start(t)
	store := fresh("walltime")
	sp := spec(t, store, "n", drivertest.RunForever)
	sp.Time = time.Minute
	sp.Argv = []string{"sh", "-c", `trap 'echo usr1 > signal; exit 0' USR1; trap 'echo term > signal; exit 0' TERM; sleep 300 & wait`}
	submit(t, c, s, sp)
	j := reach(t, s, store, drivers.JobRunning)
	if j.Signalled.Before(j.Started.Add(20*time.Second)) || !j.Signalled.Before(j.Ends) {
		t.Errorf("of a minute from %s it can be used until %s", j.Started, j.Signalled)
	}
	path := filepath.Join(sp.Dir, "signal")
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		info, err := os.Stat(path)
		if err == nil && info.Size() > 0 {
			if early := j.Signalled.Sub(info.ModTime()); early > time.Second {
				t.Errorf("the signal came %s before the walltime that counts was over", early)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no signal came")
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "usr1\n" {
		t.Errorf("the first signal was %q, %v", got, err)
	}
	reach(t, s, store, drivers.JobCompleted)
}
