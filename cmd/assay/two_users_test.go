package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/slurm/cluster"
	"assay/reconciler/view"
)

// person is a user of this machine.
type person struct {
	name, home string
	uid        int
	as         *syscall.Credential
}

// newPerson adds a user to this machine until the test has ended.
func newPerson(t *testing.T, name, home string) person {
	t.Helper()
	name += strconv.Itoa(os.Getpid())
	if out, err := exec.Command("useradd", "--create-home", "--home-dir", home, "--no-user-group", "--gid", "nogroup", "--shell", "/bin/sh", name).CombinedOutput(); err != nil {
		t.Skipf("no user can be added here: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("userdel", name).CombinedOutput(); err != nil {
			t.Errorf("user %s is left: %v %s", name, err, out)
		}
	})
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chmod(home, 0o755); err != nil { // as many homes are: what protects assay's files is assay's
		t.Fatal(err)
	}
	return person{name, home, uid, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// shared is a cluster with two users who have nothing to do with each other.
type shared struct {
	*testWorld // the victim's
	c          *cluster.Cluster
	victim     person
	attacker   person
	top        string // that both can reach
	program    string // the attacker's
	secret     string // the victim's
}

func newShared(t *testing.T) *shared {
	if os.Getuid() != 0 {
		t.Skip("two users and a Slurm that both use take root")
	}
	if _, err := exec.LookPath("slurmctld"); err != nil && os.Getenv("ASSAY_REQUIRE_SLURM") != "1" {
		t.Skip("no slurmctld on PATH: apt-get install slurm-wlm slurm-client munge")
	}
	top, err := os.MkdirTemp("", "assay-two-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	s := &shared{top: top, secret: canary, program: filepath.Join(top, "attacker")}
	self, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(s.program, self, 0o755)
	}
	for _, d := range []string{top, filepath.Dir(binary)} {
		if err == nil {
			err = os.Chmod(d, 0o755)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	s.victim, s.attacker = newPerson(t, "victim", filepath.Join(top, "victim")), newPerson(t, "attacker", filepath.Join(top, "other"))
	if s.c, err = cluster.Start(filepath.Join(top, "slurm"), 4, cluster.Shared); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.c.Stop(); err != nil {
			t.Error(err)
		}
	})
	s.testWorld = newTestWorldIn(t, s.victim.home, "SLURM_CONF="+s.c.Conf(), "HOME="+s.victim.home, "USER="+s.victim.name, "CANARY="+s.secret)
	s.testWorld.as = s.victim.as
	return s
}

// attacking is an attack that goes on.
type attacking struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	in   io.Closer
	out  bytes.Buffer
	errs bytes.Buffer
	once sync.Once
}

// begin lets the attacker begin.
func (s *shared) begin(t *testing.T, name string, a attack) *attacking {
	t.Helper()
	a.Victim, a.Canaries = s.victim.uid, []string{s.secret}
	for _, file := range []string{"llm", "docs", "late"} {
		if key, err := os.ReadFile(filepath.Join(s.state, "secrets", "mine."+file+".VLLM_API_KEY.key")); err == nil {
			a.Canaries = append(a.Canaries, string(key))
		}
	}
	g := &attacking{t: t, name: name, cmd: exec.Command(s.program)}
	g.cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + s.attacker.home, "SLURM_CONF=" + s.c.Conf(), attackVar + "=" + name}
	g.cmd.Dir, g.cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: s.attacker.as, Pdeathsig: syscall.SIGKILL}
	g.cmd.Stdout, g.cmd.Stderr = &g.out, &g.errs
	in, err := g.cmd.StdinPipe()
	if err == nil {
		err = g.cmd.Start()
	}
	if err == nil {
		err = json.NewEncoder(in).Encode(a)
	}
	if err != nil {
		t.Fatal(err)
	}
	g.in = in
	t.Cleanup(func() { g.once.Do(func() { _ = g.cmd.Process.Kill(); _ = g.cmd.Wait() }) })
	return g
}

// end waits for what the attacker got, which has to be nothing.
func (g *attacking) end() (s spoils) {
	g.t.Helper()
	_ = g.in.Close()
	err := fmt.Errorf("it has ended already")
	g.once.Do(func() {
		kill := time.AfterFunc(2*time.Minute, func() { _ = g.cmd.Process.Kill() })
		defer kill.Stop()
		err = g.cmd.Wait()
	})
	if err == nil {
		err = json.Unmarshal(g.out.Bytes(), &s)
	}
	if err != nil {
		g.t.Fatalf("%s: %v %s", g.name, err, g.errs.Bytes())
	}
	for i, got := range s.Got {
		if i > 20 {
			g.t.Errorf("%s: and %d more", g.name, len(s.Got)-i)
			break
		}
		g.t.Errorf("%s: %s", g.name, got)
	}
	g.t.Logf("%s: %v", g.name, s.Tried)
	return s
}

// mine is what the victim runs: a server on two nodes that is measured from two, one that starts late, and Chroma.
func (s *shared) mine(t *testing.T) string {
	t.Helper()
	late := filepath.Join(s.victim.home, "late-vllm")
	script := "#!/bin/sh\nsleep 4\nexec " + binary + ` simulate-vllm --listen "$3:$5" --model "$1" --config '{"ttft":"1ms"}'` + "\n"
	if err := os.WriteFile(late, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	docs := ""
	if chroma := strings.Fields(os.Getenv("ASSAY_CHROMA")); len(chroma) > 0 {
		c := exec.Command("test", "-r", chroma[len(chroma)-1])
		c.SysProcAttr = &syscall.SysProcAttr{Credential: s.victim.as}
		if err := c.Run(); err != nil {
			t.Logf("without Chroma: other users cannot read %s", chroma[len(chroma)-1])
		} else {
			docs = "\n    - {name: docs, chroma: {command: [" + strings.Join(chroma, ", ") + "]}, resources: {partition: cpu}}"
		}
	}
	return strings.Replace(slurmSite, "poll:", "paths: {local: "+filepath.Join(s.top, "local")+"}\n  poll:", 1) + fmt.Sprintf(`apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: mine}
spec:
  site: slurm
  services:
    - name: llm
      vllm: {model: m, simulate: {ttft: 2ms, itl: 1ms}}
      nodes: 2
      resources: {partition: gpu, gpusPerNode: 1}
      secrets: {HF_TOKEN: {env: CANARY}}
    - name: late
      vllm: {model: late, command: [%s], args: {max-model-len: 1024}}
      resources: {partition: gpu, gpusPerNode: 1}
      restart: {backoff: 1s}%s
  benchmarks:
    - {name: q, target: llm, run: {nodes: 2}, serving: {dataset: choice, prompts: 100, outputTokens: 8, concurrency: 4, seed: 1}}
`, late, docs)
}

// TestTwoUsers: while one user of a cluster works with assay, another one on the same node tries all that he can. He gets
// nothing, and changes nothing.
func TestTwoUsers(t *testing.T) {
	s := newShared(t)
	if err := os.Mkdir(filepath.Join(s.top, "local"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(s.top, "local"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	shouting, squatting := s.begin(t, "shout", attack{}), s.begin(t, "squat", attack{})
	met := s.meetings(t)
	s.must("apply", "-f", s.write("mine.yaml", s.mine(t)), "--timeout", "3m")
	t.Run("rubbish to every port keeps no run from its result", func(t *testing.T) { s.measured(t, shouting, met()) })
	t.Run("who sits on a port gets no key", func(t *testing.T) { s.squatted(t, squatting) })
	s.controller()
	s.until("the controller listens", time.Minute, func() (bool, string) {
		listed := s.listeners()
		return slices.ContainsFunc(listed, func(l view.ListenerStatus) bool { return l.Owner == "controller" }), fmt.Sprint(listed)
	})
	before := s.seat("mine", "llm")
	jobs := s.jobs(t)
	t.Run("files, processes, jobs", func(t *testing.T) {
		files := s.private(t)
		tried := s.begin(t, "look", attack{Folders: []string{s.top, "/tmp", "/var/tmp", "/dev/shm", "/run"}, Files: files, Jobs: jobs}).end().Tried
		if tried["guessed"] != len(files) || tried["processes"] < 4 || tried["slurm"] < 6+9*len(jobs) {
			t.Errorf("tried %v with %d files and %d jobs", tried, len(files), len(jobs))
		}
	})
	t.Run("listeners", func(t *testing.T) {
		listed := s.listeners()
		var closed []view.ListenerStatus
		for _, l := range listed {
			t.Logf("%-22s %-12s %-36s %s", l.Address, l.Owner, l.What, l.Protection)
			if l.Protection != "loopback" { // every user of the node can connect to those, as `get listeners` says
				closed = append(closed, l)
			}
		}
		tried := s.begin(t, "ask", attack{Listeners: closed, Hosts: []string{"127.0.0.1"}}).end().Tried
		if len(closed) < 4 || tried["answered"] == 0 {
			t.Errorf("%d listeners, tried %v", len(closed), tried)
		}
	})
	if now := s.seat("mine", "llm"); !now.Ready || now.JobID != before.JobID || now.PID != before.PID || now.Restarts != 0 || !slices.Equal(jobs, s.jobs(t)) {
		t.Errorf("the server was %+v and is %+v; jobs %v, %v", before, now, jobs, s.jobs(t))
	}
	s.must("delete", "experiment", "mine", "--yes", "--timeout", "2m")
}

// jobs are the ids of the victim's jobs.
func (s *shared) jobs(t *testing.T) []string {
	return strings.Fields(squeue(t, s.c, "-u", s.victim.name, "-t", "running", "-o", "%i"))
}

// private are all files of the victim's state and caches; each is the victim's alone.
func (s *shared) private(t *testing.T) (files []string) {
	t.Helper()
	for _, dir := range []string{s.state, filepath.Join(s.dir, "xdgstate"), filepath.Join(s.dir, "cache"), filepath.Join(s.dir, "config")} {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // files come and go
			}
			theirs := strings.HasPrefix(path, filepath.Join(s.state, "work")) || strings.Contains(path, "/log/job.") // made by Chroma and by Slurm, in private folders
			if info, err := d.Info(); err == nil && info.Mode().Perm()&0o077 != 0 && d.Type()&fs.ModeSymlink == 0 && (d.IsDir() || !theirs) {
				t.Errorf("%s has mode %s", path, info.Mode())
			}
			if d.Type().IsRegular() {
				files = append(files, path)
			}
			return nil
		})
	}
	if len(files) < 10 {
		t.Errorf("only %d files", len(files))
	}
	return files
}

// meetings watches where the processes of runs on several nodes meet, and returns the ports.
func (s *shared) meetings(t *testing.T) func() []string {
	stop, found := make(chan struct{}), make(chan []string, 1)
	go func() {
		var ports []string
		for {
			select {
			case <-stop:
				found <- ports
				return
			case <-time.After(5 * time.Millisecond):
			}
			files, _ := filepath.Glob(filepath.Join(s.state, "runs", "*", "*", "rendezvous.json"))
			for _, f := range files {
				var m struct{ Address string }
				if b, err := os.ReadFile(f); err == nil && json.Unmarshal(b, &m) == nil {
					if at := m.Address[strings.LastIndexByte(m.Address, ':')+1:]; !slices.Contains(ports, at) {
						ports = append(ports, at)
					}
				}
			}
		}
	}()
	return func() []string { close(stop); return <-found }
}

// measured: the run met at a port that the attacker shouted at, and is complete and valid all the same.
func (s *shared) measured(t *testing.T, shouting *attacking, met []string) {
	got := shouting.end()
	runs := s.status("mine").Runs
	if len(runs) != 1 || runs[0].Phase != v1alpha1.RunComplete || runs[0].Metrics["client_nodes"] != 2 || runs[0].Metrics["failed"] != 0 {
		t.Errorf("%+v", runs)
	}
	if len(met) == 0 || !slices.ContainsFunc(met, func(p string) bool { n, _ := strconv.Atoi(p); return slices.Contains(got.Ports, n) }) {
		t.Errorf("the run met at %v, and he shouted at %v", met, got.Ports)
	}
}

// squatted: he sat on two ports of a server that starts late, and was asked nothing on either; the server runs at a third one.
func (s *shared) squatted(t *testing.T, squatting *attacking) {
	got := squatting.end()
	if seat := s.seat("mine", "late"); len(got.Ports) == 0 || !seat.Ready {
		t.Errorf("he sat on %v; the server: %+v", got.Ports, seat)
	}
	if events := s.must("events"); !strings.Contains(events, "another program took port") {
		t.Errorf("no event says why it was started again:\n%s", events)
	}
}
