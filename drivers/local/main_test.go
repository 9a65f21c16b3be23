package local

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/drivers"
	"assay/drivers/procid"
)

// TestMain makes the test binary its own shepherd, and the jobs.
func TestMain(m *testing.M) {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "shepherd":
		err = Shepherd(os.Args[2], os.Args[3])
	case len(os.Args) == 6 && os.Args[1] == "ask":
		err = ask(os.Args[2], os.Args[3], drivers.JobID(os.Args[4]), os.Args[5])
	case len(os.Args) > 2 && os.Args[1] == "job":
		err = job(os.Args[2], os.Args[3:])
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// lifetime is how long a job lives that runs for ever: it ends even when its test was killed.
const lifetime = 3 * time.Minute

func job(what string, args []string) error {
	switch what {
	case "argv": // writes its arguments down
		b, err := json.Marshal(args)
		if err != nil {
			return err
		}
		return os.WriteFile("argv.json", b, 0o600)
	case "family": // a child in its process group and one that left it; then it goes on, or exits when args say so
		var pids []string
		for _, setsid := range []bool{false, true} {
			cmd := exec.Command(os.Args[0], "job", "forever")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: setsid}
			if err := cmd.Start(); err != nil {
				return err
			}
			pids = append(pids, strconv.Itoa(cmd.Process.Pid))
		}
		if err := os.WriteFile("pids.tmp", []byte(strings.Join(append(pids, strconv.Itoa(os.Getpid())), " ")), 0o600); err != nil {
			return err
		}
		if err := os.Rename("pids.tmp", "pids"); err != nil {
			return err
		}
		if len(args) > 0 {
			return nil
		}
		time.Sleep(lifetime)
	case "forever":
		time.Sleep(lifetime)
	case "exit":
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		os.Exit(n)
	case "die":
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return nil
}

func open(t *testing.T, dir string) *Scheduler {
	t.Helper()
	s, err := New(dir, Options{Shepherd: []string{self(t), "shepherd"}, Prefix: "here-"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

func spec(t *testing.T, store, nonce string, job ...string) drivers.JobSpec {
	t.Helper()
	seat := drivers.Seat{Experiment: "exp", Group: nonce}
	tag := drivers.Tag{Store: store, Seat: seat, Revision: "r1", Nonce: nonce}
	return drivers.JobSpec{Tag: tag, Name: tag.JobName(), Dir: t.TempDir(),
		Argv: append([]string{self(t), "job"}, job...), Nodes: 1}
}

// start submits one job to a scheduler of its own, and ends it with the test.
func start(t *testing.T, sp drivers.JobSpec) (*Scheduler, drivers.JobID) {
	t.Helper()
	s := open(t, t.TempDir())
	id, err := s.Submit(t.Context(), sp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Cancel(context.Background(), id, sp.Tag.Nonce) // the wait below tells
		await(t, s, id, drivers.JobState.Terminal)
		if err := killMarked(context.Background(), sp.Tag.Nonce); err != nil {
			t.Error(err)
		}
	})
	return s, id
}

func await(t *testing.T, s *Scheduler, id drivers.JobID, ok func(drivers.JobState) bool) drivers.Job {
	t.Helper()
	var j drivers.Job
	until(t, "job "+string(id), func() (err error) {
		if j, err = s.read(string(id)); err == nil && !ok(j.State) {
			err = fmt.Errorf("it is %s", j.State)
		}
		return err
	})
	return j
}

func until(t *testing.T, what string, f func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatalf("waiting for %s: %v", what, err)
}

func running(s drivers.JobState) bool { return s == drivers.JobRunning }

// family waits for the processes that a "family" job names.
func family(t *testing.T, dir string) []int {
	t.Helper()
	var pids []int
	until(t, "the job's processes", func() error {
		b, err := os.ReadFile(filepath.Join(dir, "pids"))
		if err != nil {
			return err
		}
		pids = nil
		for _, w := range strings.Fields(string(b)) {
			n, err := strconv.Atoi(w)
			if err != nil {
				return err
			}
			pids = append(pids, n)
		}
		return nil
	})
	return pids
}

func gone(t *testing.T, pids []int) {
	t.Helper()
	until(t, "its processes to be gone", func() error {
		if i := slices.IndexFunc(pids, func(pid int) bool { return procid.Of(pid).Start != "" }); i >= 0 {
			return fmt.Errorf("%d of %v lives", pids[i], pids)
		}
		return nil
	})
}

// alive reports whether all of these processes live.
func alive(pids []int) bool {
	return !slices.ContainsFunc(pids, func(pid int) bool { return procid.Of(pid).Start == "" })
}
