package local

import (
	"context"
	"encoding/json"
	"errors"
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
	"assay/drivers/drivertest"
	"assay/drivers/durable"
	"assay/drivers/procid"

	"github.com/google/go-cmp/cmp"
)

// TestMain makes the test binary its own shepherd, and the jobs.
func TestMain(m *testing.M) {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "shepherd":
		err = Shepherd(os.Args[2], os.Args[3])
	case len(os.Args) == 6 && os.Args[1] == "ask":
		err = ask(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
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
	return drivers.JobSpec{Tag: drivers.Tag{Store: store, Seat: seat, Revision: "r1", Nonce: nonce}, Name: seat.JobName(), Dir: t.TempDir(),
		Argv: append([]string{self(t), "job"}, job...), Nodes: 1}
}

func TestConformance(t *testing.T) {
	var dir string
	job := map[drivertest.Behaviour][]string{
		drivertest.RunForever: {"forever"}, drivertest.ExitZero: {"exit", "0"}, drivertest.ExitSeven: {"exit", "7"}, drivertest.DieBySignal: {"die"},
	}
	drivertest.Scheduler(t, drivertest.Harness{
		New: func(t *testing.T) drivers.Scheduler {
			dir = filepath.Join(t.TempDir(), "jobs")
			return open(t, dir)
		},
		Spec: func(t *testing.T, store, nonce string, b drivertest.Behaviour) drivers.JobSpec {
			return spec(t, store, nonce, job[b]...)
		},
		Impossible: func(s drivers.JobSpec) drivers.JobSpec { s.Nodes = 2; return s },
		Folder:     func() string { return dir },
		Break: func(t *testing.T) func() { // as a shared disk that is away
			away := dir + ".away"
			if err := os.Rename(dir, away); err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := os.Rename(away, dir); err != nil {
					t.Error(err)
				}
			}
		},
	})
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

func TestShepherdKilled(t *testing.T) {
	sp := spec(t, "s", "shepherd-killed", "family")
	s, id := start(t, sp)
	await(t, s, id, running)
	pids := family(t, sp.Dir)
	var st started
	if err := durable.ReadRecord(filepath.Join(s.folder(string(id)), startedFile), &st); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(st.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	j := await(t, s, id, drivers.JobState.Terminal)
	if j.State != drivers.JobNodeFail {
		t.Errorf("it ended as %s", j.State)
	}
	before := snapshot(t, s.dir)
	if _, err := s.Jobs(t.Context(), "s"); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(before, snapshot(t, s.dir)); d != "" || !alive(pids) {
		t.Errorf("a listing ended it; its processes live: %v; files: %s", alive(pids), d)
	}
	for range 2 {
		if err := s.Fence(t.Context(), id, sp.Tag.Nonce); err != nil {
			t.Fatal(err)
		}
		if alive(pids[:1]) || alive(pids[1:2]) || alive(pids[2:]) {
			t.Fatal("what it left behind lives after the fence")
		}
	}
	if j, err := open(t, s.dir).Ended(t.Context(), id, sp.Tag.Nonce); err != nil || j.State != drivers.JobNodeFail {
		t.Errorf("later it is %+v, %v", j, err)
	}
	var e end
	if err := durable.ReadRecord(filepath.Join(s.folder(string(id)), endFile), &e); err != nil { // else it is never forgotten
		t.Errorf("its end is not recorded: %v", err)
	}
}

// alive reports whether all of these processes live.
func alive(pids []int) bool {
	return !slices.ContainsFunc(pids, func(pid int) bool { return procid.Of(pid).Start == "" })
}

// TestFolderRemoved: a job whose folder was removed by hand is fenced all the same.
func TestFolderRemoved(t *testing.T) {
	sp := spec(t, "s", "folder-removed", "family")
	s := open(t, t.TempDir())
	id, err := s.Submit(t.Context(), sp)
	if err != nil {
		t.Fatal(err)
	}
	pids := family(t, sp.Dir)
	if err := os.RemoveAll(s.folder(string(id))); err != nil {
		t.Fatal(err)
	}
	if jobs, err := s.Jobs(t.Context(), "s"); err != nil || len(jobs) != 0 {
		t.Errorf("listed is %+v, %v", jobs, err)
	}
	if err := s.Fence(t.Context(), id, sp.Tag.Nonce); err != nil {
		t.Error(err)
	}
	gone(t, pids)
}

// TestOlderRecords: what an assay wrote that knew no schema, host or pid namespace is read.
func TestOlderRecords(t *testing.T) {
	sp := spec(t, "s", "older", "forever")
	s, id := start(t, sp)
	await(t, s, id, running)
	folder := s.folder(string(id))
	var st started
	if err := durable.ReadRecord(filepath.Join(folder, startedFile), &st); err != nil {
		t.Fatal(err)
	}
	job, err := json.Marshal(sp)
	if err != nil {
		t.Fatal(err)
	}
	older := func(pid int) string {
		return fmt.Sprintf(`{"pid":%d,"start":%q,"boot":%q,"at":"2026-01-02T03:04:05Z"}`, pid, st.Start, st.Boot)
	}
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now, err := os.ReadFile(filepath.Join(folder, startedFile))
	if err != nil {
		t.Fatal(err)
	}
	write(jobFile, string(job))
	write(limitFile, "3600000000000000")
	write(startedFile, older(st.PID))
	if j, err := s.read(string(id)); err != nil || j.State != drivers.JobRunning || j.Tag != sp.Tag || j.Limit != 1000*time.Hour || j.Started.Year() != 2026 || len(j.Nodes) != 1 || j.Nodes[0] == "" {
		t.Errorf("read is %+v, %v", j, err)
	}
	write(startedFile, older(1<<22+1)) // it has no such process, which proves nothing without a pid namespace
	if jobs, err := s.Jobs(t.Context(), "s"); !errors.Is(err, drivers.ErrUnavailable) || len(jobs) != 0 || !strings.Contains(fmt.Sprint(err), "rm -r "+folder) {
		t.Errorf("listed is %+v, %v", jobs, err)
	}
	write(startedFile, string(now))
}

// TestLeftovers: what a job started ends with it, in its process group or not, whether it was cancelled or went by itself.
func TestLeftovers(t *testing.T) {
	for name, job := range map[string][]string{"cancelled": {"family"}, "exited": {"family", "exit"}} {
		t.Run(name, func(t *testing.T) {
			sp := spec(t, "s", "leftovers-"+name, job...)
			s, id := start(t, sp)
			pids := family(t, sp.Dir)
			if name == "cancelled" {
				if err := s.Cancel(t.Context(), id, sp.Tag.Nonce); err != nil {
					t.Fatal(err)
				}
			}
			await(t, s, id, drivers.JobState.Terminal)
			gone(t, pids)
		})
	}
}

func TestSurvives(t *testing.T) {
	sp := spec(t, "s", "survives", "forever")
	s, id := start(t, sp)
	await(t, s, id, running)
	again := open(t, s.dir)
	jobs, err := again.Jobs(t.Context(), "s")
	if err != nil || len(jobs) != 1 || jobs[0].ID != id || jobs[0].Tag != sp.Tag || jobs[0].State != drivers.JobRunning {
		t.Fatalf("a new scheduler lists %+v, %v", jobs, err)
	}
	if err := again.Cancel(t.Context(), id, sp.Tag.Nonce); err != nil {
		t.Fatal(err)
	}
	if j := await(t, again, id, drivers.JobState.Terminal); j.State != drivers.JobCancelled {
		t.Errorf("cancelled by it, it is %s", j.State)
	}
}

func TestTimeLimit(t *testing.T) {
	sp := spec(t, "s", "limit", "forever")
	sp.Time = time.Second
	s, id := start(t, sp)
	if j := await(t, s, id, drivers.JobState.Terminal); j.State != drivers.JobTimeout {
		t.Errorf("it ended as %s", j.State)
	}
	sp = spec(t, "s", "limit-changed", "forever")
	sp.Time = time.Hour
	s, id = start(t, sp)
	await(t, s, id, running)
	limit := time.Second
	if err := s.Reconfigure(t.Context(), id, sp.Tag.Nonce, drivers.Change{Time: &limit}); err != nil {
		t.Fatal(err)
	}
	if j := await(t, s, id, drivers.JobState.Terminal); j.State != drivers.JobTimeout || j.Limit != limit {
		t.Errorf("with the limit changed it ended as %s with %s", j.State, j.Limit)
	}
	if err := s.Reconfigure(t.Context(), id, sp.Tag.Nonce, drivers.Change{Time: &limit}); !errors.Is(err, drivers.ErrRejected) {
		t.Errorf("changing an ended job gave %v", err)
	}
}

func TestArgumentsAreVerbatim(t *testing.T) {
	args := []string{`x"; touch f; echo "`, "", "it's", "$HOME `id` $(id)", "a\nb\t", "*", `\`, "é 🙂", "--", "-n"}
	sp := spec(t, "s", "argv", append([]string{"argv"}, args...)...)
	s, id := start(t, sp)
	if j := await(t, s, id, drivers.JobState.Terminal); j.State != drivers.JobCompleted {
		t.Fatalf("it ended as %s", j.State)
	}
	b, err := os.ReadFile(filepath.Join(sp.Dir, "argv.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, args) {
		t.Errorf("arrived as %q, sent were %q", got, args)
	}
	if _, err := os.Stat(filepath.Join(sp.Dir, "f")); err == nil {
		t.Error("an argument was executed")
	}
}

// TestNoCommand: a command that does not exist is a failed job, with the reason in its log.
func TestNoCommand(t *testing.T) {
	sp := spec(t, "s", "nothing")
	sp.Argv = []string{"/does/not/exist"}
	s, id := start(t, sp)
	if j := await(t, s, id, drivers.JobState.Terminal); j.State != drivers.JobFailed || j.Exit != 127 {
		t.Errorf("it is %+v", j)
	}
	if b, _ := os.ReadFile(filepath.Join(sp.Dir, drivers.LogDir, "job."+string(id)+".log")); !strings.Contains(string(b), "/does/not/exist") {
		t.Errorf("its log says %q", b)
	}
}

func TestRefused(t *testing.T) {
	s := open(t, t.TempDir())
	for name, change := range map[string]func(*drivers.JobSpec){
		"no command":   func(sp *drivers.JobSpec) { sp.Argv = nil },
		"no directory": func(sp *drivers.JobSpec) { sp.Dir = "" },
		"no text":      func(sp *drivers.JobSpec) { sp.Argv = append(sp.Argv, "\xff") },
		"NUL":          func(sp *drivers.JobSpec) { sp.Argv = append(sp.Argv, "\x00") },
		"two nodes":    func(sp *drivers.JobSpec) { sp.Nodes = 2 },
	} {
		sp := spec(t, "s", "refused", "exit", "0")
		change(&sp)
		if _, err := s.Submit(t.Context(), sp); !errors.Is(err, drivers.ErrRejected) {
			t.Errorf("%s: %v", name, err)
		}
	}
	none, err := New(t.TempDir(), Options{Shepherd: []string{"/does/not/exist"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Submit(t.Context(), spec(t, "s", "n", "exit", "0")); !errors.Is(err, drivers.ErrRejected) {
		t.Errorf("without a shepherd: %v", err)
	}
	if jobs, err := none.Jobs(t.Context(), "s"); err != nil || len(jobs) != 1 || jobs[0].State != drivers.JobFailed {
		t.Errorf("then listed is %+v, %v", jobs, err)
	}
}

// TestNeverStarted: a job whose shepherd did not come is over, and a shepherd that comes later than that runs nothing.
func TestNeverStarted(t *testing.T) {
	s := open(t, t.TempDir())
	s.o.Shepherd = []string{"true"}
	sp := spec(t, "s", "late", "argv")
	id, err := s.Submit(t.Context(), sp)
	if err != nil {
		t.Fatal(err)
	}
	if j, err := s.read(string(id)); err != nil || j.State != drivers.JobPending {
		t.Errorf("at first it is %+v, %v", j, err)
	}
	old := time.Now().Add(-startWithin - time.Second)
	if err := os.Chtimes(filepath.Join(s.folder(string(id)), jobFile), old, old); err != nil {
		t.Fatal(err)
	}
	if j, err := s.read(string(id)); err != nil || j.State != drivers.JobFailed || j.Reason != "NeverStarted" {
		t.Errorf("then it is %+v, %v", j, err)
	}
	if err := Shepherd(s.dir, string(id)); err == nil {
		t.Error("a late shepherd took it")
	}
	if _, err := os.Stat(filepath.Join(sp.Dir, "argv.json")); err == nil {
		t.Error("a late shepherd ran it")
	}
}

// TestForgotten: an ended job is kept for a day, and a submission after that removes its folder; a listing removes
// nothing. A damaged record makes the listing an error.
func TestForgotten(t *testing.T) {
	s := open(t, t.TempDir())
	submit := func(nonce string) (drivers.JobID, string) {
		t.Helper()
		id, err := s.Submit(t.Context(), spec(t, "s", nonce, "exit", "0"))
		if err != nil {
			t.Fatal(err)
		}
		await(t, s, id, drivers.JobState.Terminal)
		return id, s.folder(string(id))
	}
	listed := func() (ids []drivers.JobID) {
		t.Helper()
		jobs, err := s.Jobs(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range jobs {
			ids = append(ids, j.ID)
		}
		return ids
	}
	old, folder := submit("old")
	young, _ := submit("young")
	e := end{State: drivers.JobCompleted, At: time.Now().Add(-forgetAfter - time.Minute)}
	if err := files.ReplaceRecord(filepath.Join(folder, endFile), e, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := listed(); !slices.Equal(got, []drivers.JobID{old, young}) {
			t.Errorf("listed are %v", got)
		}
	}
	last, folder := submit("last")
	if got := listed(); !slices.Equal(got, []drivers.JobID{young, last}) {
		t.Errorf("after a submission listed are %v", got)
	}
	if err := os.WriteFile(filepath.Join(folder, jobFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if jobs, err := s.Jobs(t.Context(), "s"); !errors.Is(err, drivers.ErrUnavailable) || jobs != nil {
		t.Errorf("of a damaged record it lists %+v, %v", jobs, err)
	}
}
