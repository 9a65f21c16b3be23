package inside

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// server starts a process of a job, as an agent does.
func server(t *testing.T, job string, argv ...string) int {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), mark + job, "WORD=of the server"}
	if err := cmd.Start(); err != nil {
		t.Skipf("%v cannot be started here: %v", argv, err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

// found waits until the process is the program that was meant: at first it is a copy of this one.
func found(t *testing.T, pid int, job string) Process {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		p, err := Find(pid, job)
		if err == nil && slices.Contains(p.Env, "WORD=of the server") {
			return p
		}
		if time.Now().After(end) {
			t.Fatal(p, err)
		}
	}
}

func output(t *testing.T, p Process, argv ...string) string {
	t.Helper()
	path, args, env, dir, err := p.Command(argv, false)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Env, cmd.Dir = env, dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestBesideAProcess: a command gets the server's environment and folder; a process of another job is not one of ours.
func TestBesideAProcess(t *testing.T) {
	pid := server(t, "/jobs/1", "sleep", "60")
	p := found(t, pid, "/jobs/1")
	if got := output(t, p, "sh", "-c", "echo $WORD in $PWD"); got != "of the server in "+p.Dir {
		t.Error(got)
	}
	if _, err := Find(pid, "/jobs/2"); err == nil || !strings.Contains(err.Error(), "has ended, or runs on another machine") {
		t.Error(err)
	}
	if _, _, _, _, err := p.Command([]string{"no-such-program"}, false); err == nil {
		t.Error("a program that is not there is found")
	}
}

// TestInAContainer enters the mount namespace of the process below the server, as a container's is.
func TestInAContainer(t *testing.T) {
	if out, err := exec.Command("unshare", "--user", "--map-root-user", "--mount", "true").CombinedOutput(); err != nil {
		t.Skipf("no namespaces can be made here: %s", out)
	}
	pid := server(t, "/jobs/1", "sh", "-c", `unshare --user --map-root-user --mount sh -c 'mount -t tmpfs inside /mnt && touch /mnt/here && sleep 60' ; true`)
	p := found(t, pid, "/jobs/1")
	for end := time.Now().Add(10 * time.Second); p.inner() == pid; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no process below the server is in another namespace")
		}
	}
	if got := output(t, p, "sh", "-c", "until test -e /mnt/here; do sleep 0.01; done; ls /mnt; echo $WORD"); got != "here\nof the server" {
		t.Error(got)
	}
}

// TestPodman: a container of podman is entered by its own command.
func TestPodman(t *testing.T) {
	p := Process{Args: []string{"podman", "run", "--rm", "--replace", "--name", "assay-n0-llm", "image"}}
	if name, ok := p.podman(); !ok || name != "assay-n0-llm" {
		t.Error(name, ok)
	}
	if _, ok := (Process{Args: []string{"python3", "--name", "x"}}).podman(); ok {
		t.Error("any program is podman")
	}
}

func TestChoose(t *testing.T) {
	running := v1alpha1.SeatStatus{Seat: "e/g/0", Nonce: "n", JobID: "7", JobState: string(drivers.JobRunning)}
	state := &drivers.AgentState{Node: "n1", Processes: []drivers.ProcessState{{Name: "web", PID: 5}, {Name: "watch.grafana", PID: 6}, {Name: "watch.prometheus", PID: 7}, {Name: "down", Phase: "Restarting"}}}
	for _, c := range []struct {
		service, component string
		replica            int
		seat               v1alpha1.SeatStatus
		state              *drivers.AgentState
		pid                int
		err                string
	}{
		{"web", "", 0, running, state, 5, ""},
		{"watch", "prometheus", 0, running, state, 7, ""},
		{"watch", "", 0, running, state, 6, ""},
		{"watch", "loki", 0, running, state, 0, "its servers are watch.grafana, watch.prometheus"},
		{"down", "", 0, running, state, 0, "does not run now (Restarting)"},
		{"web", "", 1, running, state, 0, "has no replica 1"},
		{"web", "", 0, running, nil, 0, "has not started a server yet"},
		{"web", "", 0, v1alpha1.SeatStatus{Seat: "e/g/0", Nonce: "n", JobID: "7", JobState: "Pending", Reason: "Priority"}, state, 0, "does not run (Pending Priority)"},
		{"web", "", 0, v1alpha1.SeatStatus{Seat: "e/g/0"}, state, 0, "has no job"},
	} {
		got, err := Choose("e", v1alpha1.ServiceStatus{Name: c.service, Seats: []v1alpha1.SeatStatus{c.seat}}, c.component, c.replica,
			func(drivers.Seat, string) (*drivers.AgentState, error) { return c.state, nil }, func(drivers.Seat, string) string { return "/jobs/7" })
		if c.err == "" && (err != nil || got.PID != c.pid || got.Dir != "/jobs/7" || got.Node != "n1") || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s %s: %+v, %v", c.service, c.component, got, err)
		}
	}
}
