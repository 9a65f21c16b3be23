package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"assay/drivers/slurm/cluster"
)

// person is a user of this machine.
type person struct {
	name, home string
	uid        int
	as         *syscall.Credential
}

// adding is held while users are added and removed: only one program at a time may, and others do not wait.
var adding sync.Mutex

// newPerson adds a user to this machine until the test has ended.
func newPerson(t *testing.T, name, home string) person {
	t.Helper()
	name += strconv.Itoa(os.Getpid())
	adding.Lock()
	defer adding.Unlock()
	if out, err := exec.Command("useradd", "--create-home", "--home-dir", home, "--no-user-group", "--gid", "nogroup", "--shell", "/bin/sh", name).CombinedOutput(); err != nil {
		t.Skipf("no user can be added here: %v %s", err, out)
	}
	t.Cleanup(func() {
		adding.Lock()
		defer adding.Unlock()
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
	s := &shared{top: top, secret: newCanary(), program: filepath.Join(top, "attacker")}
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
	errs sayings
	once sync.Once
}

// begin lets the attacker begin; through runs his program, as him.
func (s *shared) begin(t *testing.T, name string, a attack, through ...string) *attacking {
	t.Helper()
	a.Victim, a.Canaries = s.victim.uid, []string{s.secret}
	for _, file := range []string{"llm", "docs", "late"} {
		if key, err := os.ReadFile(filepath.Join(s.state, "secrets", "mine."+file+".VLLM_API_KEY.key")); err == nil {
			a.Canaries = append(a.Canaries, string(key))
		}
	}
	argv := append(through, s.program)
	g := &attacking{t: t, name: name, cmd: exec.Command(argv[0], argv[1:]...)}
	g.cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + s.attacker.home, "SLURM_CONF=" + s.c.Conf(), attackVar + "=" + name}
	g.cmd.Dir, g.cmd.SysProcAttr = "/", &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if len(through) == 0 {
		g.cmd.SysProcAttr.Credential = s.attacker.as
	}
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
		g.t.Fatalf("%s: %v %s", g.name, err, g.errs.String())
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
