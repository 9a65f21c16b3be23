package slurm

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/drivertest"
)

// TestUncertain: a controller that does not answer in time may have taken the job.
func TestUncertain(t *testing.T) {
	c, s := start(t)
	store := fresh("uncertain")
	sp := spec(t, store, "uncertain", drivertest.RunForever)
	t.Cleanup(func() { _, _ = c.Run("scancel", "--name="+sp.Name) })
	if err := c.PauseController(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	id, err := s.Submit(t.Context(), sp)
	took := time.Since(began)
	if err := c.ResumeController(); err != nil {
		t.Fatal(err)
	}
	if id != "" || !errors.Is(err, drivers.ErrUncertain) || errors.Is(err, drivers.ErrRejected) || errors.Is(err, drivers.ErrUnavailable) {
		t.Errorf("submitting gave job %q, %v", id, err)
	}
	if took > callTimeout+5*time.Second {
		t.Errorf("it took %s", took)
	}
	j := reach(t, s, store, drivers.JobRunning)
	if j.Tag != sp.Tag {
		t.Errorf("found is %+v", j)
	}
	if err := s.Cancel(t.Context(), j.ID, "uncertain"); err != nil {
		t.Error(err)
	}
	reach(t, s, store, drivers.JobCancelled)
}

func TestSingleton(t *testing.T) {
	c, s := start(t)
	store := fresh("singleton")
	first, second := spec(t, store, "one", drivertest.RunForever), spec(t, store, "two", drivertest.RunForever)
	second.Name = first.Name
	a := submit(t, c, s, first)
	b := submit(t, c, s, second)
	state := func(id drivers.JobID) (st drivers.JobState) {
		for _, j := range listing(t, s, store) {
			if j.ID == id {
				st = j.State
			}
		}
		return st
	}
	until(t, "the first to run", func() bool { return state(a) == drivers.JobRunning })
	if st := state(b); st != drivers.JobPending {
		t.Fatalf("while the first runs the second is %s", st)
	}
	if err := s.Cancel(t.Context(), a, "one"); err != nil {
		t.Fatal(err)
	}
	until(t, "the second to run", func() bool { return state(b) == drivers.JobRunning })
}

func TestRejected(t *testing.T) {
	_, s := start(t)
	store := fresh("rejected")
	for name, change := range map[string]func(*drivers.JobSpec){
		"unknown partition":   func(sp *drivers.JobSpec) { sp.Partition = "nowhere" },
		"unknown reservation": func(sp *drivers.JobSpec) { sp.Reservation = "nobody's" },
		"too many GPUs":       func(sp *drivers.JobSpec) { sp.GPUsPerNode = 5 },
		"too much memory":     func(sp *drivers.JobSpec) { sp.MemoryPerNode = 1 << 50 },
		"unknown option":      func(sp *drivers.JobSpec) { sp.Directives = []string{"--no-such-option"} },
		"bad option":          func(sp *drivers.JobSpec) { sp.Directives = []string{"--time=soon"} },
		"unknown node":        func(sp *drivers.JobSpec) { sp.Directives = []string{"--nodelist=nowhere"} },
	} {
		sp := spec(t, store, "rejected", drivertest.ExitZero)
		change(&sp)
		if id, err := s.Submit(t.Context(), sp); id != "" || !errors.Is(err, drivers.ErrRejected) {
			t.Errorf("%s gave job %q, %v", name, id, err)
		}
	}
	for _, j := range listing(t, s, store) { // Slurm lists some of them, as failed
		if !j.State.Terminal() {
			t.Errorf("there is %+v", j)
		}
	}
}

// TestNothingIsExecuted: no value of a submission reaches a shell's parser.
func TestNothingIsExecuted(t *testing.T) {
	c, s := start(t)
	store := fresh("evil")
	const evil = `x"; touch f; echo "$(touch f)`
	root := t.TempDir()
	args := []string{evil, "", "it's", "a\nb", "*", `\`, "é\xff", "--", "--nodes=7"}
	sp := spec(t, store, "evil", drivertest.ExitZero)
	sp.Name, sp.Dir, sp.Tag.Revision = evil, filepath.Join(root, evil+"%j"), `"$(touch${IFS}f)"`
	if err := os.Mkdir(sp.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	sp.Argv = append([]string{"sh", "-c", `printf '%s\0' "$@" > args`, "sh"}, args...)
	id := submit(t, c, s, sp)
	j := reach(t, s, store, drivers.JobCompleted)
	if j.Name != evil || j.Tag != sp.Tag {
		t.Errorf("listed is %q %+v", j.Name, j.Tag)
	}
	if b, err := os.ReadFile(filepath.Join(sp.Dir, "args")); err != nil || string(b) != strings.Join(args, "\x00")+"\x00" {
		t.Errorf("arrived is %q, %v", b, err)
	}
	if _, err := os.Stat(filepath.Join(sp.Dir, drivers.JobLog(string(id)))); err != nil {
		t.Errorf("the log is not there: %v", err)
	}
	sp.Tag.Store, sp.Modules = store+"-module", []string{evil}
	submit(t, c, s, sp)
	reach(t, s, sp.Tag.Store, drivers.JobFailed) // there is no such module
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.Name() == "f" {
			t.Errorf("executed: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestEnvironment: of the caller's variables a job gets the few that it needs, and it does not wait for the user's profile.
func TestEnvironment(t *testing.T) {
	c, s := start(t)
	store := fresh("environment")
	t.Setenv("ASSAY_TEST_SECRET", "secret")
	t.Setenv("SBATCH_PARTITION", "nowhere")
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.WriteFile(filepath.Join(home, ".bash_profile"), []byte("exit 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sp := spec(t, store, "environment", drivertest.ExitZero)
	sp.Argv = []string{"sh", "-c", "env > env"}
	submit(t, c, s, sp)
	reach(t, s, store, drivers.JobCompleted)
	b, err := os.ReadFile(filepath.Join(sp.Dir, "env"))
	if strings.Contains(string(b), "SLURM_GET_USER_ENV") {
		t.Error("Slurm runs the user's login profile before the job")
	}
	if err != nil || strings.Contains(string(b), "secret") || !strings.Contains(string(b), "\nPATH=") && !strings.HasPrefix(string(b), "PATH=") {
		t.Errorf("the job's environment is %q, %v", b, err)
	}
}

// TestOtherNodes: what a job gives to srun arrives on its other nodes: the workers of a server need their variables.
func TestOtherNodes(t *testing.T) {
	c, s := start(t)
	store := fresh("nodes")
	sp := spec(t, store, "nodes", drivertest.ExitZero)
	sp.Nodes = 2
	sp.Argv = []string{"sh", "-c", "GIVEN=here srun --nodes=1 --ntasks=1 --ntasks-per-node=1 --relative=1 --overlap --mpi=none sh -c 'echo $SLURMD_NODENAME $GIVEN' > given"}
	submit(t, c, s, sp)
	reach(t, s, store, drivers.JobCompleted)
	if b, err := os.ReadFile(filepath.Join(sp.Dir, "given")); err != nil || string(b) != "n2 here\n" {
		t.Errorf("on the second node arrived %q, %v", b, err)
	}
}

// TestExclude: a job stays away from nodes, unless it could not start otherwise.
func TestExclude(t *testing.T) {
	c, s := start(t)
	for name, exclude := range map[string][]string{
		"one of two nodes": {"n1"}, "every node": {"n1", "n2"}, "a node that does not exist": {"gone", "n1"},
	} {
		store := fresh("exclude")
		sp := spec(t, store, "only", drivertest.RunForever)
		sp.Exclude = exclude
		id := submit(t, c, s, sp)
		j := reach(t, s, store, drivers.JobRunning)
		if len(j.Nodes) != 1 || len(exclude) == 1 && j.Nodes[0] != "n2" {
			t.Errorf("%s: it runs on %v", name, j.Nodes)
		}
		if err := s.Cancel(t.Context(), id, "only"); err != nil {
			t.Error(err)
		}
	}
}
