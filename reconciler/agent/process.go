package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"assay/drivers"
	"assay/reconciler/probe"
)

const (
	probeEvery   = 500 * time.Millisecond
	probeMisses  = 3                // probes in a row that a Ready server may miss
	backoffLimit = 5 * time.Minute  // longest wait before a restart
	provenAfter  = 10 * time.Minute // a server that was Ready for so long starts counting restarts anew
)

// process is one supervised server.
type process struct {
	a        *agent
	want     drivers.Process
	next     *drivers.Process // takes its place once it has stopped
	removed  bool
	port     int
	group    *group // nil when nothing runs
	phase    string
	since    time.Time
	reason   string
	message  string
	restarts int
	ready    bool // this fingerprint was Ready once
	exit     *drivers.Exit
	models   []string
	again    time.Time // when a restart is due
	probed   time.Time
	misses   int
	results  chan result // one probe at a time
	probing  bool
}

// result is the outcome of one round of probes of one incarnation.
type result struct {
	group  *group
	models []string
	err    error
}

func newProcess(a *agent, want drivers.Process, now time.Time) *process {
	p := &process{a: a, want: want, results: make(chan result, 1)}
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
		p.want.Probes, p.want.Metrics, p.want.Restart, p.want.Grace = want.Probes, want.Metrics, want.Restart, want.Grace
		p.next = nil
		return
	}
	p.next = &want
	p.stop(now)
}

func (p *process) remove(now time.Time) {
	p.removed, p.next = true, nil
	p.stop(now)
}

func (p *process) gone() bool { return p.removed && p.group == nil }

func (p *process) stop(now time.Time) {
	if p.group != nil && p.group.stopBy.IsZero() {
		p.group.terminate(now, p.want.Grace.Std())
		p.enter(drivers.PhaseRestarting, "Stopping", "it was told to end", now)
	}
}

// step moves the process on: notices its end, restarts it when that is due, probes it.
func (p *process) step(now time.Time) {
	if p.group != nil {
		p.group.escalate(now)
		if exit, ended := p.group.poll(); ended {
			p.ended(exit, now)
		}
	}
	switch {
	case p.group != nil:
		p.probe(now)
	case p.removed && p.phase != drivers.PhaseFailed: // why it failed is worth more
		p.enter(drivers.PhaseStopped, "Removed", "it is not wanted any more", now)
	case p.next != nil:
		p.want, p.next = *p.next, nil
		p.restarts, p.ready, p.exit, p.models = 0, false, nil, nil
		p.start(now)
	case p.phase == drivers.PhaseRestarting && !now.Before(p.again):
		p.restarts++
		p.start(now)
	}
}

// ended decides what follows the end of a process: a restart after a while, or giving up.
func (p *process) ended(exit drivers.Exit, now time.Time) {
	told := !p.group.stopBy.IsZero()
	if p.phase == drivers.PhaseReady && now.Sub(p.since) > provenAfter {
		p.restarts = 0
	}
	p.group, p.exit, p.models = nil, &exit, nil
	if told {
		return
	}
	reason, message := "Exited", fmt.Sprintf("it ended with exit code %d", exit.Code)
	if exit.Signal != "" {
		reason, message = "Signalled", "it was ended by signal "+exit.Signal
	}
	if p.restarts >= p.want.Restart.Limit {
		p.enter(drivers.PhaseFailed, reason, fmt.Sprintf("%s, after %d restarts; see %s", message, p.restarts, p.log()), now)
		return
	}
	delay := p.want.Restart.Backoff.Std() << min(p.restarts, 20)
	if delay > backoffLimit || delay < 0 {
		delay = backoffLimit
	}
	p.again = now.Add(delay)
	p.enter(drivers.PhaseRestarting, reason, fmt.Sprintf("%s; it is started again in %s", message, delay), now)
}

// start runs the process in a group of its own.
func (p *process) start(now time.Time) {
	cmd, err := p.command()
	if err == nil {
		p.group, err = startGroup(cmd, filepath.Join(p.a.dir, p.log()))
	}
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		p.enter(drivers.PhaseFailed, "CommandNotFound", fmt.Sprintf("%s is not on this node's PATH: install it, or name its path in the manifest (%v)", p.want.Argv[0], err), now)
	case err != nil:
		p.enter(drivers.PhaseFailed, "StartFailed", err.Error(), now)
	default:
		p.misses, p.probed = 0, time.Time{}
		p.since = now
		p.enter(drivers.PhaseStarting, "Started", "waiting for its probes to pass", now)
	}
}

func (p *process) command() (*exec.Cmd, error) {
	if len(p.want.Argv) == 0 {
		return nil, errors.New("it has no command")
	}
	switch {
	case p.want.Port != 0:
		p.port = p.want.Port
	case p.port == 0 || !p.a.portFree(p.port):
		port, err := p.a.freePort()
		if err != nil {
			return nil, err
		}
		p.port = port
	}
	if p.want.Data != "" {
		if err := os.MkdirAll(p.want.Data, 0o700); err != nil {
			return nil, fmt.Errorf("making its data directory: %w", err)
		}
	}
	words := p.a.expander(p.port, p.want.Data)
	argv := make([]string, len(p.want.Argv))
	for i, w := range p.want.Argv {
		argv[i] = words.Replace(w)
	}
	declared := map[string]string{}
	for k, v := range p.want.Env {
		declared[k] = words.Replace(v)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = p.a.dir
	cmd.Env = environment(declared, "PORT="+strconv.Itoa(p.port), "HOST="+p.a.o.Listen)
	return cmd, cmd.Err
}

func (p *process) log() string {
	return filepath.Join(drivers.LogDir, fmt.Sprintf("%s.%s.log", p.want.Name, p.a.o.JobID))
}

func (p *process) endpoint() string {
	if p.port == 0 {
		return ""
	}
	return "http://" + net.JoinHostPort(p.a.o.Advertise, strconv.Itoa(p.port))
}

// local is where the probes go: this node, whatever name the others use for it.
func (p *process) local() string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
}

// probe takes the last round's result and starts the next round.
func (p *process) probe(now time.Time) {
	select {
	case r := <-p.results:
		p.probing = false
		if r.group == p.group && p.group.stopBy.IsZero() {
			p.judge(r, now)
		}
	default:
	}
	if p.probing || now.Sub(p.probed) < probeEvery || !p.group.stopBy.IsZero() {
		return
	}
	p.probing, p.probed = true, now
	g, base, probes := p.group, p.local(), p.want.Probes
	go func() {
		r := result{group: g}
		for _, one := range probes {
			models, err := probe.Check(context.Background(), base, one) // bounded by the probe's own timeout
			if r.models = append(r.models, models...); err != nil {
				r.err = err
				break
			}
		}
		p.results <- r
	}()
}

func (p *process) judge(r result, now time.Time) {
	p.models = r.models
	switch {
	case r.err == nil:
		p.misses, p.ready = 0, true
		p.enter(drivers.PhaseReady, "ProbesPass", "", now)
	case p.phase == drivers.PhaseReady && p.misses+1 < probeMisses:
		p.misses++
	default:
		p.enter(drivers.PhaseStarting, "ProbeFailing", r.err.Error(), now)
	}
}

func (p *process) state() drivers.ProcessState {
	s := drivers.ProcessState{Name: p.want.Name, Fingerprint: p.want.Fingerprint, Phase: p.phase, Reason: p.reason, Message: p.message,
		Endpoint: p.endpoint(), Models: p.models, Restarts: p.restarts, WasReady: p.ready, Exit: p.exit, Log: p.log()}
	if p.want.Metrics != "" && s.Endpoint != "" {
		s.Metrics = s.Endpoint + p.want.Metrics
	}
	if p.group != nil {
		s.PID = p.group.cmd.Process.Pid
	}
	return s
}

// exitOf says how a process ended.
func exitOf(st *os.ProcessState) drivers.Exit {
	ws, ok := st.Sys().(syscall.WaitStatus)
	if ok && ws.Signaled() {
		return drivers.Exit{Code: 128 + int(ws.Signal()), Signal: ws.Signal().String()}
	}
	return drivers.Exit{Code: st.ExitCode()}
}
