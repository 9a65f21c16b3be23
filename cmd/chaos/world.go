package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"assay/drivers/durable"
	"assay/drivers/slurm/cluster"
)

// Nodes n1 to n4 are for assay's jobs and for faults; n5 is for the jobs of others, and nothing is done to it.
const (
	nodes       = 5
	broken      = 4
	foreignNode = "n5"
)

const prometheusPort = "19090" // in a network namespace of its own no port is taken

// world is everything that runs here.
type world struct {
	dir, state, bin string
	cl              *cluster.Cluster
	controller      *controller
	prometheus      string // program; empty: none is installed, and the controller's own is used
	others          foreign
	procs           *processes
	started         time.Time
	round           int // of the manifest that was applied last
	history         history

	mu      sync.Mutex
	id      string // of the state directory
	rewinds []time.Time
	windows []window // in which slurmctld's clock was stepped
}

// build brings the world up.
func build(ctx context.Context, o options) (*world, error) {
	dir := os.Getenv(dirVar)
	w := &world{dir: dir, state: filepath.Join(dir, "state"), bin: o.assay, procs: newProcesses(), started: time.Now()}
	if w.bin == "" {
		w.bin = filepath.Join(dir, "assay")
	}
	if err := mountState(dir); err != nil {
		return w, fmt.Errorf("making the state file system: %w", err)
	}
	options := []cluster.Option{cluster.Edit(edit)}
	if noAccounting() == "" {
		options = append(options, cluster.Accounting)
	}
	var err error
	if w.cl, err = cluster.Start(filepath.Join(dir, "slurm"), nodes, options...); err != nil {
		return w, err
	}
	if noAccounting() == "" {
		if _, err := w.slurm("sacctmgr", "--immediate", "add", "user", stranger, "Account="+cluster.Account, "DefaultAccount="+cluster.Account); err != nil {
			return w, err
		}
	}
	for _, path := range []string{"", "slurm", "slurm/spool", "slurm/spool/" + foreignNode} { // the others' batch scripts lie there
		if err := os.Chmod(filepath.Join(dir, path), 0o711); err != nil {
			return w, err
		}
	}
	if err := w.others.submit(w.cl); err != nil {
		return w, fmt.Errorf("submitting the jobs of others: %w", err)
	}
	if path, err := exec.LookPath("prometheus"); err == nil {
		w.prometheus = path
		if err := w.startPrometheus(); err != nil {
			return w, err
		}
	}
	if err := w.apply(ctx, 0); err != nil {
		return w, err
	}
	w.controller = &controller{w: w}
	return w, w.controller.start()
}

// edit gives every node an address of its own, which a fault can take away, and makes slurmctld notice dead nodes soon.
func edit(conf string) string {
	for n := 1; n <= nodes; n++ {
		name := fmt.Sprintf("NodeName=n%d ", n)
		before, after, _ := strings.Cut(conf, name)
		conf = before + name + strings.Replace(after, "NodeAddr=127.0.0.1", "NodeAddr="+address(n), 1)
	}
	conf = strings.ReplaceAll(conf, fmt.Sprintf("Nodes=n[1-%d]", nodes), fmt.Sprintf("Nodes=n[1-%d]", broken))
	conf = strings.ReplaceAll(conf, "OverSubscribe=NO", "OverSubscribe=NO LLN=YES") // the least loaded node: every node has jobs
	return conf + "PartitionName=others Nodes=" + foreignNode + " MaxTime=INFINITE State=UP OverSubscribe=NO\nSlurmdTimeout=25\nMessageTimeout=5\n"
}

// env is the environment of everything of assay.
func (w *world) env() []string {
	return append(os.Environ(), "SLURM_CONF="+w.cl.Conf(), "HOME="+w.dir, "NO_COLOR=1", "XDG_CONFIG_HOME="+filepath.Join(w.dir, "config"),
		"XDG_CACHE_HOME="+filepath.Join(w.dir, "cache"), "XDG_STATE_HOME="+filepath.Join(w.dir, "xdg"), stageVar+"=", dirVar+"=")
}

// assay types a command and returns its standard output.
func (w *world) assay(ctx context.Context, limit time.Duration, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(ctx, w.bin, append([]string{"--state", w.state}, args...)...)
	c.Env, c.Dir, c.WaitDelay = w.env(), w.dir, time.Second
	out, err := c.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("assay %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}

// apply declares the manifest of a round.
func (w *world) apply(ctx context.Context, round int) error {
	path := filepath.Join(w.dir, "manifest.yaml")
	if err := create(path, manifest(round, w.prometheus != "")); err != nil {
		return err
	}
	_, err := w.assay(ctx, time.Minute, "apply", "-f", path, "--wait=false")
	if err == nil {
		w.round = round
	}
	return err
}

func (w *world) startPrometheus() error {
	config := filepath.Join(w.dir, "prometheus.yml")
	text := "global: {scrape_interval: 2s}\nscrape_configs:\n  - job_name: assay\n    file_sd_configs: [{files: ['" + w.state + "/targets/*.json'], refresh_interval: 5s}]\n"
	if err := create(config, text); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(w.dir, "prometheus.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	c := exec.Command(w.prometheus, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(w.dir, "tsdb"), "--web.listen-address=127.0.0.1:"+prometheusPort)
	c.Stdout, c.Stderr, c.SysProcAttr = log, log, &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return err
	}
	go func() { _ = c.Wait() }() // a fault kills it
	return nil
}

// slurm types a command of Slurm.
func (w *world) slurm(name string, args ...string) (string, error) {
	out, err := w.cl.Run(name, args...)
	return strings.TrimSpace(out), err
}

// create makes or replaces a file of our own.
func create(path, text string) error {
	return durable.Writer{NoSync: true}.Replace(path, []byte(text), nil)
}
