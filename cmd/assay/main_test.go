package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"assay/api/v1alpha1"
	"assay/reconciler/plan"
)

// binary is assay, and standin is for programs that this machine does not have, both built once for all tests: jobs and controllers
// run the real program.
var binary, standin string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	if name := os.Getenv(attackVar); name != "" { // another user's program
		return attackMain(name)
	}
	if err := flag.Set("test.parallel", "1000"); err != nil { // how many there are at a time is said by -beside
		panic(err)
	}
	if built := os.Getenv("ASSAY_TEST_BINARIES"); built != "" { // in the root of a test site there is no Go
		binary, standin = filepath.Join(built, "assay"), filepath.Join(built, "standin")
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "assay-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary, standin = filepath.Join(dir, "assay"), filepath.Join(dir, "standin")
	if out, err := exec.Command("go", "build", "-o", dir+"/", ".", "../../drivers/service/standin").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building assay: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// TestScripts types commands and compares what appears and the exit code.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(binary)+":"+os.Getenv("PATH"))
			for name, dir := range map[string]string{"XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config", "XDG_CACHE_HOME": "cache", "HOME": "home"} {
				e.Setenv(name, filepath.Join(e.WorkDir, dir))
			}
			e.Defer(mostly.begin(20 * time.Second))
			e.Defer(func() { stopLocal(filepath.Join(e.WorkDir, "state")) })
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": code},
	})
}

// code N COMMAND... runs a command that must exit with N.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND ...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		got = e.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// stopLocal ends what a failed test left behind: every process whose environment or command names dir.
func stopLocal(dir string) {
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		cmd, err := os.ReadFile(p)
		if err != nil || !bytes.Contains(cmd, []byte(dir)) {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(p, "/proc/%d/", &pid); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// world is assay with folders of its own.
type testWorld struct {
	t     *testing.T
	dir   string
	state string
	env   []string
	as    *syscall.Credential // nil: who runs the tests
}

func newTestWorld(t *testing.T, env ...string) *testWorld {
	return newTestWorldIn(t, t.TempDir(), env...)
}

func newTestWorldIn(t *testing.T, dir string, env ...string) *testWorld {
	w := &testWorld{t: t, dir: dir, state: filepath.Join(dir, "state")}
	w.env = append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"), "XDG_STATE_HOME="+filepath.Join(dir, "xdgstate"), "TMPDIR="+dir)
	w.env = append(w.env, env...)
	t.Cleanup(func() { stopLocal(dir) })
	return w
}

// command is assay with these arguments, in this world, as a process that ends with ctx.
func (w *testWorld) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, binary, append([]string{"--state", w.state}, args...)...)
	c.Dir, c.Env = w.dir, w.env
	if w.as != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: w.as}
	}
	return c
}

// run types a command and returns what appeared and the exit code.
func (w *testWorld) run(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	c := w.command(ctx, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return out.String(), errs.String(), e.ExitCode()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return out.String(), errs.String(), 0
}

// must runs a command that has to succeed, and returns its standard output.
func (w *testWorld) must(args ...string) string {
	w.t.Helper()
	out, errs, code := w.run(args...)
	if code != 0 {
		w.t.Fatalf("assay %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// write puts a manifest into the world by rename, as editors do.
func (w *testWorld) write(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if w.as != nil {
		if err := os.Chown(path+"~", int(w.as.Uid), int(w.as.Gid)); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := os.Rename(path+"~", path); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// status reads an experiment's status through the command line.
func (w *testWorld) status(name string) v1alpha1.ExperimentStatus {
	w.t.Helper()
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   v1alpha1.ExperimentStatus
		}
	}
	if err := json.Unmarshal([]byte(w.must("get", "experiments", "-o", "json")), &list); err != nil {
		w.t.Fatal(err)
	}
	for _, i := range list.Items {
		if i.Metadata.Name == name {
			return i.Status
		}
	}
	return v1alpha1.ExperimentStatus{}
}

// counted are the runs of an experiment, less those that a busy host made invalid and that were done again.
func (w *testWorld) counted(name string) []v1alpha1.RunStatus {
	w.t.Helper()
	return slices.DeleteFunc(w.status(name).Runs, func(r v1alpha1.RunStatus) bool { return r.Reason == string(plan.InvalidRetried) })
}

// seat is the only seat of a service, or a zero one.
func (w *testWorld) seat(experiment, service string) v1alpha1.SeatStatus {
	w.t.Helper()
	for _, s := range w.status(experiment).Services {
		if s.Name == service && len(s.Seats) == 1 {
			return s.Seats[0]
		}
	}
	return v1alpha1.SeatStatus{}
}

// until polls check until it reports true, or fails with what it said last. Most checks start a process: what takes long is asked
// less often.
func (w *testWorld) until(what string, limit time.Duration, check func() (bool, string)) {
	w.t.Helper()
	said, began := "", time.Now()
	for ; time.Since(began) < limit; time.Sleep(min(max(200*time.Millisecond, time.Since(began)/20), time.Second)) {
		var ok bool
		if ok, said = check(); ok {
			return
		}
	}
	events, _, _ := w.run("events")
	w.t.Fatalf("%s: not within %s: %s\nevents:\n%s", what, limit, said, events)
}

// controller starts `assay controller` and returns how to kill it.
func (w *testWorld) controller(args ...string) (kill func()) {
	w.t.Helper()
	c := w.command(context.Background(), append(args, "controller")...)
	log, err := os.OpenFile(filepath.Join(w.dir, "controller.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		w.t.Fatal(err)
	}
	log.Close()
	done := false
	kill = func() {
		if !done {
			done = true
			_ = c.Process.Kill()
			_ = c.Wait() // its status is our kill
		}
	}
	w.t.Cleanup(kill)
	return kill
}

// shell is another program in this world.
func (w *testWorld) shell(name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(w.t.Context(), name, args...)
	c.Env = w.env
	return c
}
