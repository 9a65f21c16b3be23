package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
)

// TestMain is also the servers and the suite that the agent of these tests starts: this very binary, told by its first argument.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == srun {
		os.Exit(actSrun(os.Args[1:]))
	}
	if len(os.Args) > 2 && os.Args[1] == "act" {
		act(os.Args[2], os.Args[3:])
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "suite" {
		os.Exit(actSuite(os.Args[2]))
	}
	if len(os.Args) == 3 && os.Args[1] == "suite-salvage" {
		if err := os.WriteFile(filepath.Join(os.Args[2], "salvaged"), nil, 0o600); err != nil {
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "agent-guard" {
		if err := Guard(os.Args[2], os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "agent" { // as a job: the test kills it, or what started it
		_ = Run(context.Background(), os.Args[2], Options{Binary: os.Args[0], JobID: os.Args[3], Node: "here", Nodes: 1, Listen: "127.0.0.1", Advertise: "127.0.0.1"})
		return
	}
	os.Exit(m.Run())
}

func act(role string, args []string) {
	switch role {
	case "serve", "stubborn", "deaf": // a server; a stubborn one does not end on SIGTERM, a deaf one on nothing
		switch role {
		case "stubborn":
			signal.Ignore(syscall.SIGTERM)
		case "deaf":
			signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		}
		http.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
		http.HandleFunc("/v1/models", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":[{"id":"m1"}]}`) })
		fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
	case "reloadable": // a server that counts reloads, and refuses a broken file
		n := 0
		http.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
		http.HandleFunc("/reloads", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, n) })
		http.HandleFunc("POST /-/reload", func(w http.ResponseWriter, _ *http.Request) {
			if b, _ := os.ReadFile(filepath.Join(os.Getenv("DIR"), "c.yml")); strings.HasPrefix(string(b), "broken") {
				http.Error(w, "it is broken", http.StatusInternalServerError)
				return
			}
			n++
		})
		fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
	case "quoting": // a server that lists its key as a model, with a terminal's sequence
		http.HandleFunc("/v1/models", func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]any{"data": []any{map[string]string{"id": os.Getenv("HF_TOKEN") + "\x1b]0;owned\a"}, map[string]string{"id": "other"}}})
		})
		fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
	case "robbed":
		rob(args[0])
	case "squat":
		time.AfterFunc(20*time.Second, func() { os.Exit(0) })
		fmt.Println(http.ListenAndServe("127.0.0.1:"+args[0], http.NotFoundHandler()))
	case "late": // a server that listens once a file is there
		for {
			if _, err := os.Stat(args[0]); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		act("serve", nil)
	case "crash":
		os.Exit(7)
	case "fork": // leaves a child behind in its group
		child := exec.Command(os.Args[0], "act", "sleep")
		fmt.Println(child.Start(), child.Process.Pid)
		_ = os.WriteFile(args[0], []byte(fmt.Sprint(child.Process.Pid)), 0o600)
		time.Sleep(200 * time.Millisecond)
		os.Exit(1)
	case "escape": // serves, and has a child that left its group and its session
		child := exec.Command(os.Args[0], "act", "sleep")
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		fmt.Println(child.Start())
		_ = os.WriteFile(args[0], []byte(fmt.Sprint(child.Process.Pid)), 0o600)
		act("serve", nil)
	case "boxed": // escape in a container as of apptainer exec --cleanenv: with the variables that have the prefix, and no other
		box := exec.Command(os.Args[0], "act", "escape", args[0])
		box.Env = []string{"PORT=" + os.Getenv("PORT")}
		for _, v := range os.Environ() {
			if inside, ok := strings.CutPrefix(v, "APPTAINERENV_"); ok {
				box.Env = append(box.Env, inside)
			}
		}
		fmt.Println(box.Run())
	case "guarded": // a server that asks for a password
		guardedServer(args[0])
	case "fetch":
		fetch(args[0])
	case "sleep":
		time.Sleep(time.Hour)
	case "status": // of a cluster of one node
		fmt.Print("Node status\nActive:\n 1 node_head\n")
	case "end": // so many milliseconds after the file args[1] is there
		for {
			if _, err := os.Stat(args[1]); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		late, _ := time.ParseDuration(args[0])
		time.Sleep(late)
		os.Exit(1)
	case "print": // what it was given
		fmt.Printf("%q\n%q\n", args, os.Environ())
		time.Sleep(time.Hour)
	}
}

// actSuite is a suite that does what the run's directory is named after.
func actSuite(dir string) int {
	f, err := os.OpenFile(filepath.Join(dir, "executions"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 3
	}
	fmt.Fprintln(f, "once")
	switch filepath.Base(dir) {
	case "good":
		_ = os.WriteFile(filepath.Join(dir, drivers.ResultFile), []byte(`{"run":"good","valid":true}`), 0o600)
	case "bad":
		fmt.Println("no server answers")
		return 1
	case "full":
		fmt.Println("no space left on device")
		return drivers.ExitLost
	case "interrupted":
		os.Exit(drivers.ExitInterrupted)
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "long":
		_ = os.WriteFile(filepath.Join(dir, drivers.ProgressFile), []byte("first\nhalf way\n"), 0o600)
		time.Sleep(time.Hour)
	}
	return 0
}

// job is a running agent and its directory.
type job struct {
	t     *testing.T
	dir   string
	self  string
	gen   int64
	end   func()
	ended chan error
}

func startJob(t *testing.T, d drivers.AgentDesired) *job {
	t.Helper()
	return startJobWith(t, d, func(*Options) {})
}

func startJobWith(t *testing.T, d drivers.AgentDesired, change func(*Options)) *job {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	j := &job{t: t, dir: t.TempDir(), self: self, ended: make(chan error, 1)}
	if err := os.MkdirAll(filepath.Join(j.dir, drivers.LogDir), 0o700); err != nil {
		t.Fatal(err)
	}
	j.tell(d)
	ctx, cancel := context.WithCancel(context.Background())
	o := Options{Binary: self, JobID: "42", Node: "n1", Nodes: 1, Listen: "127.0.0.1", Advertise: "127.0.0.1", Hardware: http.NotFoundHandler()}
	change(&o)
	go func() { j.ended <- Run(ctx, j.dir, o) }()
	stopped := false
	j.end = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-j.ended; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(j.end)
	return j
}

func (j *job) tell(d drivers.AgentDesired) {
	j.t.Helper()
	j.gen++
	d.Generation, d.Nonce = j.gen, "nonce"
	if err := disk.ReplaceRecord(filepath.Join(j.dir, drivers.DesiredFile), d, nil); err != nil {
		j.t.Fatal(err)
	}
}

// until polls state.json until ok, or fails with the last one.
func (j *job) until(what string, ok func(drivers.AgentState) bool) drivers.AgentState {
	j.t.Helper()
	var s drivers.AgentState
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		s = drivers.AgentState{}
		pulse, err := durable.ReadBeat(filepath.Join(j.dir, drivers.BeatFile)) // first: it vouches for a state.json that is there already
		if durable.ReadRecord(filepath.Join(j.dir, drivers.StateFile), &s) != nil {
			continue
		}
		if err == nil {
			s = s.At(pulse.Count, pulse.Of)
		}
		if ok(s) {
			return s
		}
	}
	j.t.Fatalf("%s: never so; last state %+v", what, s)
	return s
}

func (j *job) server(name, role, fingerprint string, args ...string) drivers.Process {
	return drivers.Process{Name: name, Fingerprint: fingerprint, Argv: append([]string{j.self, "act", role}, args...),
		Probes: []drivers.Probe{{Path: "/health", Timeout: 2}}, Restart: drivers.Restart{Limit: 1, Backoff: 0.2}, Live: drivers.Live{Every: 0.5, Misses: 3}, Grace: 1}
}

func phase(name, want string) func(drivers.AgentState) bool {
	return func(s drivers.AgentState) bool {
		for _, p := range s.Processes {
			if p.Name == name {
				return p.Phase == want
			}
		}
		return false
	}
}

func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(b), ") Z ")
}

func TestConverges(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	a := j.server("a", "serve", "f1")
	a.Probes = append(a.Probes, drivers.Probe{Path: "/v1/models", Model: "m1", Timeout: 2})
	b := j.server("b", "serve", "f1")
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{a, b}})
	s := j.until("both Ready", func(s drivers.AgentState) bool {
		return phase("a", drivers.PhaseReady)(s) && phase("b", drivers.PhaseReady)(s)
	})
	if s.Nonce != "nonce" || s.JobID != "42" || s.Generation != j.gen || len(s.Nodes) != 1 {
		t.Errorf("the state does not say whose it is: %+v", s)
	}
	pa, pb := s.Processes[0], s.Processes[1]
	if pa.Endpoint == pb.Endpoint || len(pa.Models) != 1 || pa.Models[0] != "m1" {
		t.Errorf("two servers, two ports, and the model that is served: %+v %+v", pa, pb)
	}

	a.Fingerprint = "f2" // another version of a: b stays as it is
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{a, b}})
	s = j.until("a restarted", func(s drivers.AgentState) bool {
		return phase("a", drivers.PhaseReady)(s) && s.Processes[0].Fingerprint == "f2"
	})
	if s.Processes[0].PID == pa.PID || s.Processes[1].PID != pb.PID {
		t.Errorf("a had pid %d, b %d; now %d and %d", pa.PID, pb.PID, s.Processes[0].PID, s.Processes[1].PID)
	}

	b.Restart.Limit = 9 // a setting: nothing restarts
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{b}})
	s = j.until("a removed", func(s drivers.AgentState) bool { return len(s.Processes) == 1 && s.Generation == j.gen })
	if s.Processes[0].PID != pb.PID {
		t.Errorf("b had pid %d, now %d", pb.PID, s.Processes[0].PID)
	}
	beat := s.Heartbeat
	j.until("the beat goes on", func(s drivers.AgentState) bool { return s.Heartbeat > beat+1 })
	j.end()
	s = j.until("the end recorded", func(s drivers.AgentState) bool { return s.End != nil })
	if s.End.Reason != "Signalled" || alive(pb.PID) {
		t.Errorf("ended as %+v, and b alive is %v", s.End, alive(pb.PID))
	}
}

func TestCrashesAreRestartedUntilTheLimit(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("c", "crash", "f1")}})
	s := j.until("given up", phase("c", drivers.PhaseFailed))
	if p := s.Processes[0]; p.Restarts != 1 || p.Last == nil || p.Last.Reason != "Exited" || !strings.Contains(p.Last.Message, "7") || p.Reason != "Exited" || !strings.Contains(p.Message, "c.42.log") {
		t.Errorf("%+v", p)
	}
}

func TestMissingCommandIsNotTriedAgain(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	p := j.server("c", "serve", "f1")
	p.Argv = []string{"no-such-command-anywhere"}
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
	s := j.until("given up", phase("c", drivers.PhaseFailed))
	if q := s.Processes[0]; q.Reason != "CommandNotFound" || q.Restarts != 0 {
		t.Errorf("%+v", q)
	}
}

func TestStubbornServerIsKilled(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("s", "stubborn", "f1")}})
	pid := j.until("Ready", phase("s", drivers.PhaseReady)).Processes[0].PID
	j.tell(drivers.AgentDesired{})
	j.until("gone", func(s drivers.AgentState) bool { return len(s.Processes) == 0 && s.Generation == j.gen })
	if alive(pid) {
		t.Error("it is still alive")
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	note := filepath.Join(j.dir, "child")
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("f", "fork", "f1", note)}})
	j.until("given up", phase("f", drivers.PhaseFailed))
	b, err := os.ReadFile(note)
	var pid int
	if _, scan := fmt.Sscan(string(b), &pid); err != nil || scan != nil {
		t.Fatal(err, scan)
	}
	for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the child %d outlived its parent", pid)
		}
	}
}

// Arguments arrive as they are, words are replaced, and the environment is clean.
func TestArgumentsAndEnvironment(t *testing.T) {
	t.Setenv("SECRET_OF_THE_SHELL", "hunter2")
	j := startJob(t, drivers.AgentDesired{})
	p := j.server("p", "print", "f1", `x"; touch pwned; echo "`, "$(NODE)-$(PORT)", "$HOME `id`")
	p.Env = map[string]string{"WHERE": "$(HOST)"}
	p.Probes, p.Port = nil, 18999
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{p}})
	var got string
	j.until("it printed", func(drivers.AgentState) bool {
		got = fileText(t, filepath.Join(j.dir, drivers.LogDir, "p.42.log"))
		return strings.Count(got, "\n") >= 2
	})
	for _, want := range []string{`"x\"; touch pwned; echo \""`, `"n1-18999"`, "\"$HOME `id`\"", `"WHERE=127.0.0.1"`, `"PORT=18999"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	if strings.Contains(got, "hunter2") {
		t.Error("a secret of the shell reached the process")
	}
	if _, err := os.Stat(filepath.Join(j.dir, "pwned")); err == nil {
		t.Error("an argument was executed")
	}
}

func (j *job) run(name string) drivers.Run {
	j.t.Helper()
	dir := filepath.Join(j.dir, "runs", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		j.t.Fatal(err)
	}
	return drivers.Run{ID: name, Dir: dir, Limit: 60}
}

func runPhase(id, want string) func(drivers.AgentState) bool {
	return func(s drivers.AgentState) bool {
		for _, r := range s.Runs {
			if r.ID == id {
				return r.Phase == want
			}
		}
		return false
	}
}

func TestRuns(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	good, bad, long := j.run("good"), j.run("bad"), j.run("long")
	j.tell(drivers.AgentDesired{Runs: []drivers.Run{good, bad, long}})
	j.until("good is complete", runPhase("good", v1alpha1.RunComplete))
	s := j.until("bad has failed", runPhase("bad", v1alpha1.RunFailed))
	if !strings.Contains(s.Runs[1].Message, "no server answers") {
		t.Errorf("the log's last line should be there: %+v", s.Runs[1])
	}
	j.until("long runs", func(s drivers.AgentState) bool {
		return runPhase("long", v1alpha1.RunRunning)(s) && s.Runs[2].Progress == "half way"
	})
	long.Cancel = true
	j.tell(drivers.AgentDesired{Runs: []drivers.Run{good, bad, long}})
	j.until("long is superseded", runPhase("long", v1alpha1.RunSuperseded))

	// Another agent finds what was claimed: it executes nothing again.
	j.end()
	again := startJob(t, drivers.AgentDesired{Runs: []drivers.Run{good, bad}})
	again.until("good is known", runPhase("good", v1alpha1.RunComplete))
	again.until("bad is not tried again", runPhase("bad", v1alpha1.RunFailed))
	for _, r := range []drivers.Run{good, bad} {
		if b, _ := os.ReadFile(filepath.Join(r.Dir, "executions")); strings.Count(string(b), "once") != 1 {
			t.Errorf("%s was executed %d times", r.ID, strings.Count(string(b), "once"))
		}
	}
}

// TestLostRuns: the agent says what a suite lost that left no result, or who killed it (C24).
func TestLostRuns(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.tell(drivers.AgentDesired{Runs: []drivers.Run{j.run("full"), j.run("killed"), j.run("interrupted"), j.run("bad")}})
	for i, want := range []string{drivers.LostDisk, drivers.LostSuite, drivers.LostSuite, ""} {
		id := []string{"full", "killed", "interrupted", "bad"}[i]
		if s := j.until(id+" has failed", runPhase(id, v1alpha1.RunFailed)); s.Runs[i].Reason != want {
			t.Errorf("%+v, want the reason %q", s.Runs[i], want)
		}
		_, err := os.Stat(filepath.Join(j.run(id).Dir, "salvaged"))
		if killed := id == "killed"; (err == nil) != killed {
			t.Errorf("what %s had kept was salvaged: %v", id, err == nil)
		}
	}
}

// A run that is over and no longer wanted does not delay the end.
func TestEndedRunsDoNotDelayTheEnd(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.tell(drivers.AgentDesired{Runs: []drivers.Run{j.run("good")}})
	j.until("good is complete", runPhase("good", v1alpha1.RunComplete))
	j.tell(drivers.AgentDesired{})
	j.until("told", func(s drivers.AgentState) bool { return s.Generation == j.gen })
	began := time.Now()
	j.end()
	if took := time.Since(began); took > runGrace {
		t.Errorf("the end took %s: something waited for its grace", took)
	}
}

func TestRunLimit(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	long := j.run("long")
	long.Limit = 0.5
	j.tell(drivers.AgentDesired{Runs: []drivers.Run{long}})
	s := j.until("stopped", runPhase("long", v1alpha1.RunFailed))
	if !strings.Contains(s.Runs[0].Message, "did not end within 500ms") {
		t.Errorf("%+v", s.Runs[0])
	}
}

func TestExitWhenDone(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.tell(drivers.AgentDesired{Runs: []drivers.Run{j.run("good")}, ExitWhenDone: true})
	s := j.until("the end", func(s drivers.AgentState) bool { return s.End != nil })
	if s.End.Reason != "Done" {
		t.Errorf("%+v", s.End)
	}
}

func TestOneAgentAJob(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.until("running", func(s drivers.AgentState) bool { return s.Heartbeat > 0 })
	if err := Run(t.Context(), j.dir, Options{}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second agent: %v", err)
	}
}

// A torn or foreign desired.json changes nothing and is said.
func TestBadDesiredIsSaid(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("a", "serve", "f1")}})
	pid := j.until("Ready", phase("a", drivers.PhaseReady)).Processes[0].PID
	for _, text := range []string{`{"nonce":`, `{"nonce":"other","generation":99}`} {
		if err := os.WriteFile(filepath.Join(j.dir, drivers.DesiredFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := j.until("the mistake said", func(s drivers.AgentState) bool { return s.Error != "" })
		if s.Processes[0].PID != pid {
			t.Errorf("%s restarted the server", text)
		}
		j.tell(drivers.AgentDesired{Processes: []drivers.Process{j.server("a", "serve", "f1")}})
		j.until("mended", func(s drivers.AgentState) bool { return s.Error == "" && s.Generation == j.gen })
	}
}
