package slurm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/drivertest"
	"assay/drivers/slurm/cluster"
)

// The cluster that this package's tests share; started by the first that needs it.
var shared struct {
	sync.Once
	c   *cluster.Cluster
	err error
	end func()
}

// TestMain stops the cluster. "sweep" is a process of its own that does so, also when the tests are killed or panic.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "sweep" {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the tests have ended
		if c, err := cluster.Open(os.Args[2]); err != nil || c.Stop() != nil || os.RemoveAll(os.Args[2]) != nil {
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if shared.end != nil {
		shared.end()
	}
	os.Exit(code)
}

// start returns the cluster and a scheduler for it.
func start(t *testing.T) (*cluster.Cluster, *Scheduler) {
	t.Helper()
	if _, err := exec.LookPath("squeue"); err != nil && os.Getenv("ASSAY_REQUIRE_SLURM") != "1" {
		t.Skip("Slurm is not installed: apt-get install slurm-wlm slurm-client munge")
	}
	shared.Do(func() { shared.c, shared.end, shared.err = up() })
	if shared.err != nil {
		if strings.Contains(shared.err.Error(), "is missing") && os.Getenv("ASSAY_REQUIRE_SLURM") != "1" {
			t.Skip(shared.err)
		}
		t.Fatal(shared.err)
	}
	return shared.c, scheduler(t, shared.c)
}

// scheduler is the scheduler of a cluster, for the rest of the test.
func scheduler(t *testing.T, c *cluster.Cluster) *Scheduler {
	t.Helper()
	t.Setenv("SLURM_CONF", c.Conf())
	return New()
}

// up starts a cluster of two nodes; end stops it and removes its folder.
func up(options ...cluster.Option) (c *cluster.Cluster, end func(), err error) {
	dir, err := os.MkdirTemp("/tmp", "assay-slurm-") // short: the path of a socket has 108 bytes
	if err != nil {
		return nil, nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	sweep := exec.Command(exe, "sweep", dir)
	in, err := sweep.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := sweep.Start(); err != nil {
		return nil, nil, err
	}
	end = func() {
		_ = in.Close()
		if err := sweep.Wait(); err != nil {
			fmt.Fprintf(os.Stderr, "stopping the test cluster in %s: %v\n", dir, err)
		}
	}
	c, err = cluster.Start(dir, 2, options...)
	return c, end, err
}

var stores atomic.Int64

// fresh is the id of a store that has no jobs yet.
func fresh(name string) string { return fmt.Sprintf("%s%d", name, stores.Add(1)) }

var behaviours = map[drivertest.Behaviour]string{
	drivertest.RunForever: "exec sleep 300", drivertest.ExitZero: "exit 0", drivertest.ExitSeven: "exit 7", drivertest.DieBySignal: "kill -9 $$",
}

func spec(t *testing.T, store, nonce string, b drivertest.Behaviour) drivers.JobSpec {
	t.Helper()
	seat := drivers.Seat{Experiment: store, Group: nonce}
	tag := drivers.Tag{Store: store, Seat: seat, Revision: "r1", Nonce: nonce}
	return drivers.JobSpec{Tag: tag, Name: tag.JobName(), Dir: t.TempDir(),
		Argv: []string{"sh", "-c", behaviours[b]}, Nodes: 1, Partition: "gpu", CPUsPerNode: 1, Time: 5 * time.Minute}
}

func submit(t *testing.T, c *cluster.Cluster, s *Scheduler, sp drivers.JobSpec) drivers.JobID {
	t.Helper()
	t.Cleanup(func() { _, _ = c.Run("scancel", "--name="+sp.Name) }) // the cluster's end ends it too
	id, err := s.Submit(t.Context(), sp)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("waited for %s in vain", what)
}

func listing(t *testing.T, s *Scheduler, store string) []drivers.Job {
	t.Helper()
	jobs, err := s.Jobs(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

// reach waits for the state of a store's only job.
func reach(t *testing.T, s *Scheduler, store string, want drivers.JobState) drivers.Job {
	t.Helper()
	var jobs []drivers.Job
	defer func() {
		if t.Failed() {
			t.Logf("its jobs: %+v", jobs)
		}
	}()
	until(t, fmt.Sprintf("the job of %s to be %s", store, want), func() bool {
		jobs = listing(t, s, store)
		return len(jobs) == 1 && jobs[0].State == want
	})
	return jobs[0]
}

func TestConformance(t *testing.T) {
	c, s := start(t)
	drivertest.Scheduler(t, drivertest.Harness{
		New:        func(*testing.T) drivers.Scheduler { return s },
		Spec:       spec,
		Impossible: func(sp drivers.JobSpec) drivers.JobSpec { sp.GPUsPerNode = 9; return sp },
		Break:      func(t *testing.T) func() { return stop(t, c) },
	})
}

// stop stops the controller until restore.
func stop(t *testing.T, c *cluster.Cluster) (restore func()) {
	t.Helper()
	if err := c.StopController(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := c.StartController(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestJSONTrap shows why the plain listing is used: with the controller down `squeue --json` tells of an empty cluster.
func TestJSONTrap(t *testing.T) {
	c, s := start(t)
	store := fresh("trap")
	submit(t, c, s, spec(t, store, "trap", drivertest.RunForever))
	reach(t, s, store, drivers.JobRunning)
	defer stop(t, c)()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		if jobs, err := s.Jobs(t.Context(), store); !errors.Is(err, drivers.ErrUnavailable) || jobs != nil {
			t.Errorf("the listing gave %+v, %v", jobs, err)
		}
	})
	out, err := c.Run("squeue", "--json")
	if err != nil {
		t.Logf("this version of Slurm has no trap: %v", err)
		return
	}
	var got struct{ Jobs []json.RawMessage }
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Jobs) > 0 {
		t.Errorf("squeue --json: %d jobs, %v", len(got.Jobs), err)
	}
}

// TestForeign: jobs of this user that are not ours, one with our name, one with the tag of another store, one with a
// name that ends records.
func TestForeign(t *testing.T) {
	c, s := start(t)
	store := fresh("ours")
	ours := spec(t, store, "nonce", drivertest.RunForever)
	other := ours.Tag
	other.Store = store + "x"
	var ids []drivers.JobID
	for _, args := range [][]string{{"--job-name=" + ours.Name + ".x"}, {"--job-name=foreign", "--comment=" + other.String()}, {"--job-name=a\x1fb\x1ec"}} {
		out, err := c.Run("sbatch", append([]string{"--parsable", "--output=/dev/null", "--wrap=exec sleep 300"}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		id := strings.TrimSpace(out)
		t.Cleanup(func() { _, _ = c.Run("scancel", id) })
		ids = append(ids, drivers.JobID(id))
	}
	id := submit(t, c, s, ours)
	if j := reach(t, s, store, drivers.JobRunning); j.ID != id {
		t.Errorf("listed is %+v", j)
	}
	limit := time.Minute
	for i, f := range ids {
		for _, nonce := range []string{"", "other"} {
			if err := s.Cancel(t.Context(), f, nonce); err != nil {
				t.Error(err)
			}
			if err := s.Reconfigure(t.Context(), f, nonce, drivers.Change{Time: &limit}); !errors.Is(err, drivers.ErrRejected) {
				t.Errorf("changing foreign job %d with nonce %q gave %v", i, nonce, err)
			}
			if _, err := s.Ended(t.Context(), f, nonce); !errors.Is(err, drivers.ErrNotFound) {
				t.Errorf("the end of foreign job %d with nonce %q gave %v", i, nonce, err)
			}
		}
	}
	for i, f := range ids {
		until(t, fmt.Sprintf("foreign job %d to run, undisturbed", i), func() bool {
			out, err := c.Run("squeue", "-h", "-t", "all", "-j", string(f), "-o", "%T")
			return err == nil && strings.TrimSpace(out) == "RUNNING"
		})
	}
}
