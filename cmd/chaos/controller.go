package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// controller is the assay controller, under a supervisor as an operator would have it: when it ends it is started again.
// One that had begun to control and ends without a fault having killed it is a violation. One that refuses to start, because
// the state directory is full for example, says so and is tried again.
type controller struct {
	w *world

	mu     sync.Mutex
	cmd    *exec.Cmd
	killed bool     // by a fault
	died   []string // how it ended without one
	failed int      // starts that were refused
}

func (c *controller) start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd != nil {
		return nil
	}
	path := filepath.Join(c.w.dir, "controller.log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	info, err := log.Stat()
	if err != nil {
		return err
	}
	before := info.Size()
	cmd := exec.Command(c.w.bin, "--state", c.w.state, "controller")
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.w.env(), c.w.dir, log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the controller: %w", err)
	}
	c.cmd, c.killed = cmd, false
	go c.wait(cmd, path, before)
	return nil
}

func (c *controller) wait(cmd *exec.Cmd, log string, before int64) {
	err := cmd.Wait()
	text, _ := os.ReadFile(log) // what cannot be read says nothing
	c.mu.Lock()
	killed := c.killed
	c.cmd = nil
	switch said := string(text[min(int(before), len(text)):]); {
	case killed:
	case !strings.Contains(said, "Controlling site"), strings.Contains(said, "the state directory of another store now"): // it began while the directory was gone
		c.failed++
	default:
		c.died = append(c.died, fmt.Sprintf("the controller ended by itself (%v): %s", err, said[max(0, len(said)-400):]))
	}
	c.mu.Unlock()
	if !killed {
		time.Sleep(2 * time.Second)
		_ = c.start() // the next batch's repair tries again
	}
}

// kill ends it as a crash does.
func (c *controller) kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		return errNothing
	}
	c.killed = true
	return c.cmd.Process.Kill()
}

func (c *controller) signal(s syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		return errNothing
	}
	return c.cmd.Process.Signal(s)
}

// ends are those since the last call that no fault made.
func (c *controller) ends() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.died
	c.died = nil
	return out
}

// said is the end of what the controller printed.
func (c *controller) said() string {
	text, err := os.ReadFile(filepath.Join(c.w.dir, "controller.log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	last := lines[len(lines)-1]
	return last[max(0, len(last)-500):]
}

// refused is how often a start was.
func (c *controller) refused() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}
