package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

const (
	backoffLimit = 5 * time.Minute  // longest wait before a restart
	provenAfter  = 10 * time.Minute // a server that was Ready for so long starts counting restarts anew
	portRetries  = 5                // starts that may fail because somebody took the port first
	doubtFor     = 5 * time.Second  // after a server's end its cluster may still turn out to be the cause
)

// process is one supervised server, with the Ray cluster under it if it wants one.
type process struct {
	a         *agent
	want      drivers.Process
	next      *drivers.Process // takes its place once it has stopped
	removed   bool
	port      int
	gpus      []string
	main      *group      // nil when nothing runs
	ray       *rayCluster // nil when it wants none, or has not begun it
	version   version
	starting  bool   // start was called, and main does not run yet
	stopping  bool   // everything of it is to end
	fault     *fault // why, unless it was told to
	doubt     time.Time
	proven    bool // it had been Ready for long
	phase     string
	since     time.Time
	reason    string
	message   string
	note      string // what users should know although it runs
	restarts  int
	retries   int  // of the port
	ready     bool // this fingerprint was Ready once
	last      *v1alpha1.End
	models    []string
	again     time.Time // when a restart is due
	probed    time.Time
	misses    int
	results   chan result // one probe at a time
	probing   bool
	reloadDue time.Time
	reloaded  chan error
}

// fault is an end that nobody asked for.
type fault struct{ reason, message string }

func newProcess(a *agent, want drivers.Process, now time.Time) *process {
	p := &process{a: a, want: want, results: make(chan result, 1), reloaded: make(chan error, 1)}
	p.start(now)
	return p
}

func (p *process) enter(phase, reason, message string, now time.Time) {
	if p.phase != phase {
		p.since = now
	}
	p.phase, p.reason, p.message = phase, reason, message
}

// adopt takes a new version of what is wanted: another fingerprint restarts the process, anything else does not.
func (p *process) adopt(want drivers.Process, now time.Time) {
	p.removed = false
	if want.Fingerprint == p.want.Fingerprint {
		p.want, p.next = want, nil
		return
	}
	p.next = &want
	p.stop(now, "Stopping", "it was told to end")
}

func (p *process) remove(now time.Time) {
	p.removed, p.next = true, nil
	p.stop(now, "Stopping", "it was told to end")
}

func (p *process) gone() bool { return p.removed && !p.running() }

func (p *process) running() bool { return p.main != nil || p.ray.running() }

// stop ends the server, then what is under it.
func (p *process) stop(now time.Time, reason, message string) {
	p.starting = false
	if p.stopping {
		return
	}
	if !p.running() {
		p.yield()
		return
	}
	p.stopping = true
	p.enter(drivers.PhaseRestarting, reason, message, now)
	p.wind(now)
}

// fail ends everything of the process because a part of it did.
func (p *process) fail(f fault, now time.Time) {
	p.proven = p.phase == drivers.PhaseReady && now.Sub(p.since) > provenAfter
	p.fault, p.starting = &f, false
	p.last = &v1alpha1.End{Reason: f.reason, Message: f.message, At: now.UTC()}
	p.stop(now, f.reason, f.message)
	p.stopping = true
}

// wind sends SIGTERM to the server, and once that has ended to the cluster.
func (p *process) wind(now time.Time) {
	switch {
	case p.main != nil:
		p.main.terminateOnce(now, p.want.Grace.Std())
	case !now.Before(p.doubt):
		p.ray.terminate(now)
	}
}

// step moves the process on: notices its end, restarts it when that is due, probes it.
func (p *process) step(now time.Time) {
	p.watch(now)
	if p.stopping {
		p.wind(now)
		if p.running() {
			return
		}
		p.stopped(now)
	}
	switch {
	case p.starting:
		p.advance(now)
	case p.main != nil:
		p.heard()
		p.refresh(now)
		if !p.stopping {
			p.probe(now)
		}
	case p.removed && p.phase != drivers.PhaseFailed: // why it failed is worth more
		p.enter(drivers.PhaseStopped, "Removed", "it is not wanted any more", now)
	case p.next != nil:
		p.want, p.next = *p.next, nil
		p.restarts, p.retries, p.ready, p.last, p.models, p.version, p.note = 0, 0, false, nil, nil, version{}, ""
		p.start(now)
	case p.phase == drivers.PhaseRestarting && !now.Before(p.again):
		p.restarts++
		p.start(now)
	}
}

// watch kills what outstays its grace, and notices ends.
func (p *process) watch(now time.Time) {
	if p.main != nil {
		p.main.escalate(now)
		if exit, ended := p.main.poll(); ended {
			p.main, p.models = nil, nil
			if !p.stopping {
				if p.ray.running() {
					p.doubt = now.Add(doubtFor)
				}
				p.fail(ending(exit), now)
			}
		}
	}
	switch f := p.ray.watch(now); {
	case f == nil:
	case !p.stopping:
		p.fail(*f, now)
	case now.Before(p.doubt): // the server saw it first, and ended of it
		p.doubt, p.fault = now, f
		p.last = &v1alpha1.End{Reason: f.reason, Message: f.message, At: now.UTC()}
	}
}

// ending says how a server ended.
func ending(exit drivers.Exit) fault {
	if exit.Signal != "" {
		return fault{"Signalled", "it was ended by signal " + exit.Signal}
	}
	return fault{"Exited", fmt.Sprintf("it ended with exit code %d", exit.Code)}
}

// stopped decides what follows when nothing of the process runs any more: what it was told, a restart, or giving up.
func (p *process) stopped(now time.Time) {
	p.stopping, p.ray = false, nil
	p.yield()
	p.cleanup()
	f := p.fault
	if p.fault = nil; f == nil {
		p.again = now
		p.restarts-- // it was told to, and step counts it
		return
	}
	if taken := p.a.release(p.want.Name); taken != 0 && !p.ready && p.retries < portRetries {
		p.retries++
		p.again = now
		p.restarts-- // it is no fault of the server's
		p.enter(drivers.PhaseRestarting, "PortTaken", fmt.Sprintf("port %d was taken by somebody else before it listened; it is started on another one", taken), now)
		return
	}
	if p.proven {
		p.restarts = 0
	}
	if p.restarts >= p.want.Restart.Limit {
		p.enter(drivers.PhaseFailed, f.reason, fmt.Sprintf("%s, after %d restarts; see %s", f.message, p.restarts, p.log()), now)
		return
	}
	delay := p.want.Restart.Backoff.Std() << min(max(p.restarts, 0), 20)
	if delay > backoffLimit || delay < 0 {
		delay = backoffLimit
	}
	p.again = now.Add(delay)
	p.enter(drivers.PhaseRestarting, f.reason, fmt.Sprintf("%s; it is started again in %s", f.message, delay), now)
}

// start begins to start; advance goes on with it.
func (p *process) start(now time.Time) {
	for _, path := range p.want.Needs {
		if _, err := os.Stat(path); err != nil {
			p.enter(drivers.PhaseFailed, "Missing", fmt.Sprintf("it needs %s: %v; fetch the images of the manifest: assay pull -f FILE", path, err), now)
			return
		}
	}
	p.starting, p.since = true, now
	p.enter(drivers.PhaseStarting, "Preparing", "", now)
	p.advance(now)
}

// advance goes through what has to be there before the server starts, and starts it once all is.
func (p *process) advance(now time.Time) {
	wait, err := p.before(now)
	switch {
	case wait != "":
		p.enter(drivers.PhaseStarting, "Preparing", wait, now)
		return
	case err == nil:
		err = p.launch(now)
	}
	if err == nil {
		return
	}
	p.starting = false
	reason, message := "StartFailed", err.Error()
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		reason = "CommandNotFound"
		message = fmt.Sprintf("%s is not on this node's PATH: install it, or name its path in the manifest (%v)", p.want.Argv[0], err)
	}
	if p.ray.running() {
		p.fail(fault{reason, message}, now)
		return
	}
	p.yield()
	p.enter(drivers.PhaseFailed, reason, message, now)
}

// yield gives up what a process that does not run has no use for.
func (p *process) yield() {
	p.a.gpus.give(p.gpus)
	p.gpus = nil
}

// before says what the server still waits for.
func (p *process) before(now time.Time) (wait string, err error) {
	if len(p.want.Argv) == 0 {
		return "", errors.New("it has no command")
	}
	if mentionsPort(p.want) && p.ray == nil {
		if p.port, err = p.a.port(p.want.Name, ""); err != nil {
			return "", err
		}
		if p.want.Port == 0 && !p.a.portFree(p.port) {
			p.a.release(p.want.Name)
			if p.port, err = p.a.port(p.want.Name, ""); err != nil {
				return "", err
			}
		}
	}
	if p.ray == nil { // before a container is asked for its version: it does not start without the folders that it binds
		if err := p.prepare(); err != nil {
			return "", err
		}
	}
	if wait, err = p.askVersion(); wait != "" || err != nil {
		return wait, err
	}
	if p.gpus == nil {
		var enough bool
		if p.gpus, enough = p.a.gpus.take(p.want.GPUs); !enough {
			return fmt.Sprintf("%d GPUs of each node are wanted, and other services of the job have them", p.want.GPUs), nil
		}
	}
	if p.want.Cluster == nil {
		return "", nil
	}
	if p.ray == nil {
		if p.ray, err = p.startCluster(); err != nil {
			return "", err
		}
	}
	return p.ray.wait(now)
}

// launch runs the server in a process group of its own.
func (p *process) launch(now time.Time) error {
	cmd, err := p.command(append(p.want.Argv[:len(p.want.Argv):len(p.want.Argv)], p.version.args...))
	if err != nil {
		return err
	}
	if p.main, err = p.run(cmd, p.log()); err != nil {
		return err
	}
	p.starting, p.misses, p.probed = false, 0, time.Time{}
	p.enter(drivers.PhaseStarting, "Started", "waiting for its probes to pass", now)
	return nil
}

// run starts a command of the process, its secrets kept out of the log.
func (p *process) run(cmd *exec.Cmd, log string) (*group, error) {
	secrets, err := p.secrets()
	if err != nil {
		return nil, err
	}
	values := make([]string, 0, len(secrets))
	for _, v := range secrets {
		values = append(values, v)
	}
	return startGroup(cmd, filepath.Join(p.a.dir, log), values...)
}

// command is argv with its words expanded, in the process' environment.
func (p *process) command(argv []string) (*exec.Cmd, error) {
	words, err := p.expandAll(argv)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = p.a.dir
	if cmd.Env, err = p.environment(); err != nil {
		return nil, err
	}
	return cmd, cmd.Err
}

// cleanup runs what has to follow the end of the process, such as the removal of its container.
func (p *process) cleanup() {
	if len(p.want.Cleanup) == 0 {
		return
	}
	if cmd, err := p.command(p.want.Cleanup); err == nil {
		go func() { // bounded; the next start does not depend on it
			cmd.WaitDelay = time.Second
			t := time.AfterFunc(cleanupTimeout, func() { _ = cmd.Process.Kill() })
			defer t.Stop()
			_ = cmd.Run() // what is left is removed by the next start
		}()
	}
}

const cleanupTimeout = 30 * time.Second

func (p *process) log() string { return p.logOf("") }

// logOf is the log of a part of the process.
func (p *process) logOf(part string) string {
	return filepath.Join(drivers.LogDir, fmt.Sprintf("%s%s.%s.log", p.want.Name, part, p.a.o.JobID))
}

func (p *process) endpoint() string {
	if p.port == 0 {
		return ""
	}
	return p.a.endpointOf(p.port)
}

func (p *process) state() drivers.ProcessState {
	s := drivers.ProcessState{Name: p.want.Name, Fingerprint: p.want.Fingerprint, Phase: p.phase, Reason: p.reason, Message: p.message,
		Endpoint: p.endpoint(), Ports: p.a.further(p.want.Name), Models: p.models, Restarts: max(p.restarts, 0), WasReady: p.ready, Last: p.last, Log: p.log()}
	if p.note != "" {
		s.Reason, s.Message = "Attention", p.note
	}
	if p.want.Metrics != "" && s.Endpoint != "" {
		s.Metrics = s.Endpoint + p.want.Metrics
	}
	if p.main != nil {
		s.PID = p.main.cmd.Process.Pid
	}
	return s
}
