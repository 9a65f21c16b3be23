package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/slurm"
	"assay/drivers/slurm/cluster"
)

// TestMain is also what the job runs, and a gathering in a world of its own.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "doctor-node":
		if err := OnNode(context.Background(), os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	case len(os.Args) == 3 && os.Args[1] == "gather":
		o, err := options(os.Args[2])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = json.NewEncoder(os.Stdout).Encode(Gather(context.Background(), o))
		return
	}
	os.Exit(m.Run())
}

// options are those for a cluster with the partition cpu, and a state directory.
func options(state string) (Options, error) {
	self, err := os.Executable()
	s := v1alpha1.Site{Spec: v1alpha1.SiteSpec{Scheduler: v1alpha1.Slurm, Paths: v1alpha1.Paths{State: state, Work: filepath.Join(state, "work")}}}
	return Options{Site: s, Scheduler: slurm.New(), Binary: self, Spec: drivers.JobSpec{Partition: "cpu"}, Nodes: 2, Wait: 20 * time.Second, Temp: os.TempDir()}, err
}

// start brings up a cluster of two nodes, for the rest of the test.
func start(t *testing.T) *cluster.Cluster {
	t.Helper()
	if _, err := exec.LookPath("squeue"); err != nil && os.Getenv("ASSAY_REQUIRE_SLURM") != "1" {
		t.Skip("Slurm is not installed: apt-get install slurm-wlm slurm-client munge")
	}
	dir, err := os.MkdirTemp("/tmp", "assay-doctor-") // short: the path of a socket has 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c, err := cluster.Start(dir, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("SLURM_CONF", c.Conf())
	return c
}

// nothingLeft fails when a job lives that is not among those known, or anything is in the folder.
func nothingLeft(t *testing.T, c *cluster.Cluster, folder string, known ...string) {
	t.Helper()
	out, err := c.Run("squeue", "-h", "-o", "%i")
	if live := slices.DeleteFunc(strings.Fields(out), func(id string) bool { return slices.Contains(known, id) }); err != nil || len(live) > 0 {
		t.Errorf("jobs %v are left, %v", live, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) > 0 {
		t.Errorf("%v is left in %s, %v", entries, folder, err)
	}
}

func verdict(t *testing.T, f Facts, check string) Check {
	t.Helper()
	all := Examine(f)
	i := slices.IndexFunc(all, func(c Check) bool { return c.Check == check })
	if i < 0 {
		t.Fatalf("there is no check %s: %+v", check, all)
	}
	return all[i]
}

// TestOnSlurm: two nodes answer, see the folders, connect to each other and have this host's clock. Nothing is left, neither of the job
// nor of a state directory that was not there.
func TestOnSlurm(t *testing.T) {
	c := start(t)
	home := t.TempDir()
	o, err := options(filepath.Join(home, "new", "state"))
	if err != nil {
		t.Fatal(err)
	}
	f := Gather(t.Context(), o)
	for _, check := range []string{"Slurm commands", "controller", "accounting", State, Work, "a tiny job", "clocks", "ports between nodes"} {
		if v := verdict(t, f, check); v.Status != OK {
			t.Errorf("%+v", v)
		}
	}
	if len(f.Job.Nodes) != 2 {
		t.Errorf("%+v", f.Job)
	}
	nothingLeft(t, c, home)

	t.Run("a job that is refused", func(t *testing.T) {
		o := o
		o.Spec.Partition = "nowhere"
		if v := verdict(t, Gather(t.Context(), o), "a tiny job"); v.Status != Fail || !strings.Contains(v.Found, "refused") {
			t.Errorf("%+v", v)
		}
		nothingLeft(t, c, home)
	})
	t.Run("a state directory that nodes do not see", func(t *testing.T) { unshared(t, c, home) })

	out, err := c.Run("sbatch", "--parsable", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=exec sleep 300")
	if err != nil {
		t.Fatal(err)
	}
	other := strings.TrimSpace(out)
	t.Run("a queue that is full", func(t *testing.T) {
		o := o
		o.Wait = 4 * time.Second
		f := Gather(t.Context(), o)
		if v := verdict(t, f, "a tiny job"); v.Status != Warn || !strings.Contains(v.Found, "the queue did not start it") || f.Job.Asking.Nodes != 1 {
			t.Errorf("%+v %+v", v, f.Job)
		}
		nothingLeft(t, c, home, other)
	})
	t.Run("an interruption", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { // as soon as the job is there
			for ctx.Err() == nil {
				if out, err := c.Run("squeue", "-h", "-o", "%i"); err == nil && len(strings.Fields(out)) > 1 {
					cancel()
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
		Gather(ctx, o)
		nothingLeft(t, c, home, other)
	})
}

// unshared gathers where a file system of its own is mounted on the state directory: the daemons of the cluster do not have it.
func unshared(t *testing.T, c *cluster.Cluster, home string) {
	if os.Getuid() != 0 {
		t.Skip("mounting a file system needs root")
	}
	state := filepath.Join(home, "mine")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(state)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), Within)
	defer cancel()
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--propagation=private", "sh", "-c", `mount -t tmpfs -o mode=700 tmpfs "$1" && exec "$0" gather "$1"`, self, state)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var f Facts
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	if err != nil {
		t.Fatal(err)
	}
	if v := verdict(t, f, "a tiny job"); v.Status != Fail || !strings.Contains(v.Found, "does not see the state directory") || !strings.Contains(v.Remedy, "share") {
		t.Errorf("%+v %+v", v, f.Job)
	}
	if err := os.Remove(state); err != nil { // it is empty
		t.Error(err)
	}
	nothingLeft(t, c, home)
}

// TestLook tries folders that are good and that are not.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		make    func(path string) error
		problem string
		unsafe  bool
	}{
		"there":      {func(p string) error { return os.Mkdir(p, 0o700) }, "", false},
		"not there":  {func(string) error { return nil }, "", false},
		"a file":     {func(p string) error { return os.WriteFile(p, nil, 0o600) }, "is no folder", false},
		"everyone's": {func(p string) error { return os.Mkdir(p, 0o700) }, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if err := c.make(path); err != nil {
				t.Fatal(err)
			}
			if c.unsafe {
				if err := os.Chmod(path, 0o777); err != nil {
					t.Fatal(err)
				}
			}
			d := look(t.Context(), State, path, true)
			if (d.Problem != "") != (c.problem != "") || !strings.Contains(d.Problem, c.problem) || (d.Unsafe != "") != c.unsafe || len(d.Faults) > 0 || d.Problem == "" && d.Free == 0 {
				t.Errorf("%+v", d)
			}
			if entries, _ := filepath.Glob(filepath.Join(dir, "*", ".assay*")); len(entries) > 0 {
				t.Errorf("%v is left", entries)
			}
		})
	}
}
