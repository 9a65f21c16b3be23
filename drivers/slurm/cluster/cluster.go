// Package cluster runs a real Slurm on this machine, for tests and demonstrations: one controller and several node
// daemons, each with four fake GPUs, on free ports, with its own munge key. It needs no root, no systemd and no
// configuration of the machine; `apt-get install slurm-wlm slurm-client munge` is all.
//
// Everything is in one folder. Stop, and Start on a folder that was used before, end every process whose environment
// names that folder's slurm.conf, also after a crash of whoever started it.
package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	callTimeout = 20 * time.Second
	upWithin    = 60 * time.Second
)

// Cluster is a running cluster.
type Cluster struct {
	dir   string
	nodes int
}

// Start brings up a cluster in dir with nodes n1, n2 …, in the partitions cpu (default) and gpu, and waits until all are idle.
func Start(dir string, nodes int) (*Cluster, error) {
	for _, name := range []string{"munged", "slurmctld", "slurmd", "squeue"} {
		if _, err := find(name); err != nil {
			return nil, fmt.Errorf("%s is missing; type: apt-get install slurm-wlm slurm-client munge", name)
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, nodes: nodes}
	if err := c.Stop(); err != nil {
		return nil, err
	}
	if err := c.configure(); err != nil {
		return nil, fmt.Errorf("configuring the test cluster in %s: %w", dir, err)
	}
	if err := c.up(); err != nil {
		logs, _ := os.ReadFile(filepath.Join(dir, "log", "slurmctld.log"))
		return nil, errors.Join(fmt.Errorf("starting the test cluster in %s: %w\n%s", dir, err, logs[max(0, len(logs)-2000):]), c.Stop())
	}
	return c, nil
}

// Open names a cluster that was started in dir, to stop it.
func Open(dir string) (*Cluster, error) {
	dir, err := filepath.Abs(dir)
	return &Cluster{dir: dir}, err
}

// Conf is the value of SLURM_CONF that points every client at this cluster.
func (c *Cluster) Conf() string { return filepath.Join(c.dir, "slurm.conf") }

// find looks in the places of system daemons too.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode()&0o111 != 0 {
			return filepath.Join(dir, name), nil
		}
	}
	return "", exec.ErrNotFound
}

// freePorts finds n ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // after all are found, so that they differ
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out, nil
}

// configure writes slurm.conf, gres.conf and the key.
func (c *Cluster) configure() error {
	if err := os.RemoveAll(c.dir); err != nil {
		return err
	}
	for _, sub := range []string{"run", "state", "spool", "log", "etc"} {
		if err := os.MkdirAll(filepath.Join(c.dir, sub), 0o700); err != nil {
			return err
		}
	}
	key := make([]byte, 1024)
	_, _ = rand.Read(key) // never fails
	ports, err := freePorts(c.nodes + 1)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	host, _, _ = strings.Cut(host, ".")
	me, err := user.Current()
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(c.dir, "etc", "munge.key"), key, 0o600),
		os.WriteFile(filepath.Join(c.dir, "gres.conf"), []byte("Name=gpu File=/dev/null,/dev/zero,/dev/full,/dev/urandom\n"), 0o600),
		os.WriteFile(c.Conf(), []byte(c.conf(host, me.Username, ports)), 0o600))
}

func (c *Cluster) conf(host, user string, ports []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `ClusterName=assay-test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmctldPort=%[2]d
SlurmUser=%[3]s
SlurmdUser=%[3]s
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=%[4]s/run/munge.sock
StateSaveLocation=%[4]s/state
SlurmdSpoolDir=%[4]s/spool/%%n
SlurmctldPidFile=%[4]s/run/slurmctld.pid
SlurmdPidFile=%[4]s/run/slurmd.%%n.pid
SlurmctldLogFile=%[4]s/log/slurmctld.log
SlurmdLogFile=%[4]s/log/slurmd.%%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
ReturnToService=2
KillWait=10
MinJobAge=120
JobCompType=jobcomp/filetxt
JobCompLoc=%[4]s/log/jobcomp.log
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
`, host, ports[0], user, c.dir)
	for n := 1; n <= c.nodes; n++ {
		fmt.Fprintf(&b, "NodeName=n%d NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=16 Boards=1 SocketsPerBoard=1 CoresPerSocket=16 ThreadsPerCore=1 RealMemory=64000 Gres=gpu:4 State=UNKNOWN\n", n, host, ports[n])
	}
	fmt.Fprintf(&b, "PartitionName=cpu Nodes=n[1-%[1]d] Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO\nPartitionName=gpu Nodes=n[1-%[1]d] MaxTime=INFINITE State=UP OverSubscribe=NO\n", c.nodes)
	return b.String()
}

// up starts the daemons and waits until every node is idle.
func (c *Cluster) up() error {
	run := filepath.Join(c.dir, "run")
	if err := c.daemon("munged", "--key-file="+filepath.Join(c.dir, "etc", "munge.key"), "--socket="+filepath.Join(run, "munge.sock"),
		"--pid-file="+filepath.Join(run, "munged.pid"), "--seed-file="+filepath.Join(run, "munged.seed"),
		"--log-file="+filepath.Join(c.dir, "log", "munged.log"), "--force"); err != nil {
		return err
	}
	if err := c.StartController(); err != nil {
		return err
	}
	for n := 1; n <= c.nodes; n++ {
		name := "n" + strconv.Itoa(n)
		if err := os.MkdirAll(filepath.Join(c.dir, "spool", name), 0o700); err != nil {
			return err
		}
		if err := c.daemon("slurmd", "-f", c.Conf(), "-N", name); err != nil {
			return err
		}
	}
	return c.until("all nodes to be idle", func() bool {
		out, err := c.Run("sinfo", "-h", "-p", "cpu", "-t", "idle", "-o", "%D")
		return err == nil && strings.TrimSpace(out) == strconv.Itoa(c.nodes)
	})
}

// daemon starts a program that goes into the background by itself.
func (c *Cluster) daemon(name string, args ...string) error {
	path, err := find(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = c.exec(path, args...)
	return err
}

// Run runs a client program on this cluster and returns its standard output.
func (c *Cluster) Run(name string, args ...string) (string, error) { return c.exec(name, args...) }

func (c *Cluster) exec(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "SLURM_CONF="+c.Conf())
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) { // a daemon may keep the pipe open
		return out.String(), fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

func (c *Cluster) until(what string, ok func() bool) error {
	for deadline := time.Now().Add(upWithin); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if ok() {
			return nil
		}
	}
	return fmt.Errorf("waited %s for %s", upWithin, what)
}

// StartController starts slurmctld and waits until it answers.
func (c *Cluster) StartController() error {
	if err := c.daemon("slurmctld", "-f", c.Conf()); err != nil {
		return err
	}
	return c.until("slurmctld to answer", func() bool {
		_, err := c.Run("squeue", "-h")
		return err == nil
	})
}

// StopController kills slurmctld and waits until it is gone; jobs go on.
func (c *Cluster) StopController() error {
	pid := c.controller()
	if pid == 0 {
		return errors.New("slurmctld does not run")
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping slurmctld: %w", err)
	}
	return c.until("slurmctld to end", func() bool { return c.controller() != pid })
}

// PauseController freezes slurmctld: clients run into timeouts, and what they sent is done after ResumeController.
func (c *Cluster) PauseController() error { return syscall.Kill(c.controller(), syscall.SIGSTOP) }

// ResumeController thaws it.
func (c *Cluster) ResumeController() error { return syscall.Kill(c.controller(), syscall.SIGCONT) }

// controller is the pid of the running slurmctld, or 0.
func (c *Cluster) controller() int {
	b, err := os.ReadFile(filepath.Join(c.dir, "run", "slurmctld.pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || !ours(pid, c.dir) {
		return 0
	}
	return pid
}

// Stop ends the jobs and every process of the cluster.
func (c *Cluster) Stop() error {
	for range 100 {
		left := c.processes()
		if len(left) == 0 {
			return nil
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone already is as good
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("processes of the test cluster in %s do not end: %v", c.dir, c.processes())
}

// processes lists what belongs to the cluster: daemons by their command line, slurmstepd and jobs by their environment.
func (c *Cluster) processes() []int {
	var out []int
	entries, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, e := range entries {
		pid, err := strconv.Atoi(filepath.Base(e))
		if err == nil && pid != os.Getpid() && ours(pid, c.dir) {
			out = append(out, pid)
		}
	}
	return out
}

// daemons are the programs that are recognised by what their command line names.
var daemons = []string{"munged", "slurmctld", "slurmd", "slurmstepd"}

// ours reports whether a living process belongs to the cluster in dir. The program that started the cluster, and a shell
// with SLURM_CONF set, do not: in their environment SLURM_JOB_ID is missing.
func ours(pid int, dir string) bool {
	proc := fmt.Sprintf("/proc/%d/", pid)
	stat, err := os.ReadFile(proc + "stat")
	if err != nil || bytes.Contains(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" Z ")) {
		return false
	}
	comm, _ := os.ReadFile(proc + "comm") // gone: no daemon
	cmd, _ := os.ReadFile(proc + "cmdline")
	env, _ := os.ReadFile(proc + "environ")
	inEnv := bytes.Contains(env, []byte("SLURM_CONF="+filepath.Join(dir, "slurm.conf")+"\x00"))
	for _, d := range daemons {
		if strings.TrimSpace(string(comm)) == d && (bytes.Contains(cmd, []byte(dir+"/")) || inEnv) {
			return true
		}
	}
	return inEnv && bytes.Contains(env, []byte("\x00SLURM_JOB_ID="))
}
