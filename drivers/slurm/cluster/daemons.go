package cluster

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// up starts the daemons and waits until every node is idle.
func (c *Cluster) up() error {
	if err := c.StartMunge(); err != nil {
		return err
	}
	if c.dbd != nil { // before slurmctld's first start, which reads associations and limits from it
		if err := c.startAccounting(); err != nil {
			return err
		}
	}
	if err := c.StartController(); err != nil {
		return err
	}
	for n := 1; n <= c.nodes; n++ {
		if err := c.StartNode("n" + strconv.Itoa(n)); err != nil {
			return err
		}
	}
	return c.until("all nodes to be idle", func() bool {
		out, err := c.Run("sinfo", "-h", "-N", "-t", "idle", "-o", "%N") // a node is listed once for each of its partitions
		idle := strings.Fields(out)
		slices.Sort(idle)
		return err == nil && len(slices.Compact(idle)) == c.nodes
	})
}

// daemon starts a program that goes into the background by itself.
func (c *Cluster) daemon(name string, args ...string) error {
	path, err := find(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = c.Run(path, args...)
	return err
}

// version is what slurmctld says of itself, such as "slurm-wlm 24.11.5".
func (c *Cluster) version() (string, error) {
	path, err := find("slurmctld")
	if err != nil {
		return "", fmt.Errorf("slurmctld: %w", err)
	}
	out, err := c.Run(path, "-V")
	return strings.TrimSpace(out), err
}

func (c *Cluster) until(what string, ok func() bool) error {
	for deadline := time.Now().Add(upWithin); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if ok() {
			return nil
		}
		if c.starting && c.portTaken() {
			return fmt.Errorf("waiting for %s: another program has taken a port", what)
		}
	}
	return fmt.Errorf("waited %s for %s", upWithin, what)
}

// StartController starts slurmctld and waits until it answers.
func (c *Cluster) StartController() error { return c.startController() }

func (c *Cluster) startController(options ...string) error {
	if err := c.daemon("slurmctld", append([]string{"-f", c.Conf()}, options...)...); err != nil {
		return err
	}
	return c.until("slurmctld to answer", func() bool {
		_, err := c.Run("squeue", "-h")
		return err == nil
	})
}

// StopController ends slurmctld and waits until it is gone; jobs go on.
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

// Forget makes slurmctld forget all jobs, as it does with each job MinJobAge after its end. What accounting knows stays.
// Call it when no job is pending or running.
func (c *Cluster) Forget() error {
	if err := c.StopController(); err != nil {
		return err
	}
	err := errors.Join(os.RemoveAll(c.path("state", "job_state")), os.RemoveAll(c.path("state", "job_state.old")))
	return errors.Join(err, c.startController("-i")) // 26.05 refuses a state without jobs otherwise
}

// controller is the pid of the running slurmctld, or 0.
func (c *Cluster) controller() int {
	b, err := os.ReadFile(c.path("run", "slurmctld.pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || !belongs(pid, c.dir) {
		return 0
	}
	return pid
}
