package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"assay/drivers"
	"assay/reconciler/redact"
)

// logDelay bounds the wait for output of what a server that has ended left behind.
const logDelay = 2 * time.Second

// stepGrace is how long srun may take to kill what it runs.
const stepGrace = 5 * time.Second

// group is a running command and everything that it starts: one process group, ended as a whole.
type group struct {
	cmd    *exec.Cmd
	guard  *guard
	done   chan drivers.Exit
	stopBy time.Time // when SIGKILL is due; zero until SIGTERM was sent
	step   bool      // srun, for a step of the job
	forced bool      // the step was told to kill what it runs
}

// startGroup starts cmd under the agent's guard with its output appended to the file log, secrets blanked out. cleanup is the
// argv that has to follow its end.
func (a *agent) startGroup(cmd *exec.Cmd, log string, cleanup []string, secrets ...string) (*group, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening its log: %w", err)
	}
	var blank *redact.Writer
	cmd.Stdout, cmd.Stderr = out, out
	if len(secrets) > 0 {
		blank = redact.New(out, secrets...)
		cmd.Stdout, cmd.Stderr = blank, blank
		cmd.WaitDelay = logDelay
	}
	for _, prefix := range []string{"", "APPTAINERENV_", "SINGULARITYENV_"} { // what is in a container carries the mark too
		cmd.Env = append(cmd.Env, prefix+jobMarker+a.dir)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // if the agent dies the guard ends it
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	if blank == nil {
		_ = out.Close() // the command has its own descriptor
	}
	g := &group{cmd: cmd, guard: a.guard, done: make(chan drivers.Exit, 1), step: cmd.Args[0] == srun}
	g.guard.watch(cmd.Process.Pid, cleanup)
	go func() {
		_ = cmd.Wait() // the process state holds the outcome
		if blank != nil {
			_ = errors.Join(blank.Flush(), out.Close()) // a full disk shows elsewhere
		}
		g.done <- exitOf(cmd.ProcessState)
	}()
	return g, nil
}

// signal reaches the whole group. A group that has ended is not an error.
func (g *group) signal(s syscall.Signal) { _ = syscall.Kill(-g.cmd.Process.Pid, s) }

// terminate sends SIGTERM, to a step SIGINT, and sets when SIGKILL is due.
func (g *group) terminate(now time.Time, grace time.Duration) {
	g.stopBy = now.Add(grace)
	if g.step {
		g.signal(syscall.SIGINT)
		return
	}
	g.signal(syscall.SIGTERM)
}

// terminateOnce is terminate, unless SIGTERM was sent before.
func (g *group) terminateOnce(now time.Time, grace time.Duration) {
	if g.stopBy.IsZero() {
		g.terminate(now, grace)
	}
}

// escalate kills what has not ended in its grace. A step is killed by its srun first, which Slurm would have to do without.
func (g *group) escalate(now time.Time) {
	switch {
	case g.stopBy.IsZero() || !now.After(g.stopBy):
	case g.step && !g.forced:
		g.forced, g.stopBy = true, now.Add(stepGrace)
		g.signal(syscall.SIGTERM)
	default:
		g.signal(syscall.SIGKILL)
	}
}

// poll reports whether the command has ended. What it left behind in its group is killed then.
func (g *group) poll() (drivers.Exit, bool) {
	select {
	case exit := <-g.done:
		g.signal(syscall.SIGKILL)
		g.guard.ended(g.cmd.Process.Pid)
		return exit, true
	default:
		return drivers.Exit{}, false
	}
}

// exitOf says how a process ended.
func exitOf(st *os.ProcessState) drivers.Exit {
	ws, ok := st.Sys().(syscall.WaitStatus)
	if ok && ws.Signaled() {
		return drivers.Exit{Code: 128 + int(ws.Signal()), Signal: ws.Signal().String()}
	}
	return drivers.Exit{Code: st.ExitCode()}
}
