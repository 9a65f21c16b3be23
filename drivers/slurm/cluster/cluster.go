// Package cluster runs a real Slurm on this machine, for tests and demonstrations: one controller and several node
// daemons, each with four fake GPUs, on free ports, with its own munge key. It needs no root, no systemd and no
// configuration of the machine; `apt-get install slurm-wlm slurm-client munge` is all. It runs on Slurm 22.05, 24.11 and
// 26.05.
//
//	cluster.go     Start, Open, Stop, and running a client program on the cluster
//	config.go      slurm.conf and the files next to it
//	daemons.go     starting the daemons; stopping and freezing slurmctld
//	parts.go       for those who break it: slurm.conf as they want it, and starting one daemon again
//	accounting.go  the option Accounting: slurmdbd and MariaDB, an account, QOSs with limits
//	shared.go      the option Shared: other users of this machine can use the cluster
//	processes.go   which processes belong to the cluster
//
// Everything is in one folder. Stop, and Start on a folder that was used before, end every process whose environment
// names that folder's slurm.conf, also when the program that started the cluster has crashed.
package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	attempts    = 3 // to start, where another program takes a port
	callTimeout = 20 * time.Second
	upWithin    = 60 * time.Second
)

// Cluster is a running cluster.
type Cluster struct {
	dir    string
	nodes  int
	user   string // who runs it
	dbd    *database
	edit   func(conf string) string // nil: slurm.conf stays as it is
	shared bool
	ports  func(n int) ([]int, error) // that are free

	starting bool
}

// Option changes how a cluster is started.
type Option func(*Cluster)

// Start brings up a cluster in dir with nodes n1, n2 …, in the partitions cpu (default) and gpu, and waits until all are idle.
func Start(dir string, nodes int, options ...Option) (*Cluster, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, nodes: nodes, user: me.Username, ports: freePorts}
	for _, o := range options {
		o(c)
	}
	if err := c.installed(); err != nil {
		return nil, err
	}
	for left := attempts - 1; ; left-- {
		if err := c.Stop(); err != nil {
			return nil, err
		}
		if err := c.configure(); err != nil {
			return nil, fmt.Errorf("configuring the test cluster in %s: %w", dir, err)
		}
		c.starting = true
		err := c.up()
		c.starting = false
		switch {
		case err == nil:
			return c, nil
		case left == 0 || !c.portTaken():
			return nil, errors.Join(fmt.Errorf("starting the test cluster in %s: %w\n%s", dir, err, c.logs()), c.Stop())
		}
	}
}

// Open names a cluster that was started in dir, to stop it.
func Open(dir string) (*Cluster, error) {
	dir, err := filepath.Abs(dir)
	return &Cluster{dir: dir}, err
}

// Conf is the value of SLURM_CONF that points every client at this cluster.
func (c *Cluster) Conf() string { return c.path("slurm.conf") }

func (c *Cluster) path(elem ...string) string {
	return filepath.Join(append([]string{c.dir}, elem...)...)
}

// portTaken reports whether a daemon says that another program has its port.
func (c *Cluster) portTaken() bool {
	files, _ := filepath.Glob(c.path("log", "*.log")) // the pattern is well formed
	return slices.ContainsFunc(files, func(f string) bool {
		text, _ := os.ReadFile(f) // a log that cannot be read says nothing
		return bytes.Contains(text, []byte("Address already in use"))
	})
}

// logs is the end of every daemon's log.
func (c *Cluster) logs() string {
	var b strings.Builder
	files, _ := filepath.Glob(c.path("log", "*.log")) // the pattern is well formed
	for _, f := range files {
		text, _ := os.ReadFile(f) // a log that cannot be read says nothing
		fmt.Fprintf(&b, "%s:\n%s\n", filepath.Base(f), text[max(0, len(text)-1000):])
	}
	return b.String()
}

// installed reports the first program that is missing.
func (c *Cluster) installed() error {
	for _, name := range []string{"munged", "slurmctld", "slurmd", "squeue"} {
		if _, err := find(name); err != nil {
			return fmt.Errorf("%s is missing; type: apt-get install slurm-wlm slurm-client munge", name)
		}
	}
	if c.dbd != nil && !AccountingInstalled() {
		return errors.New("slurmdbd or mariadbd is missing; type: apt-get install slurmdbd mariadb-server")
	}
	return nil
}

// find looks for a program on PATH and in the folders of system daemons.
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

// Run runs a client program on this cluster and returns its standard output.
func (c *Cluster) Run(name string, args ...string) (string, error) {
	return c.run(callTimeout, name, args...)
}

func (c *Cluster) run(limit time.Duration, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
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

// Stop ends the jobs and every process of the cluster.
func (c *Cluster) Stop() error {
	for range 100 {
		left := c.processes()
		if len(left) == 0 {
			return nil
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("processes of the test cluster in %s do not end: %v", c.dir, c.processes())
}
