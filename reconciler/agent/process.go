package agent

import (
	"fmt"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/probe"
)

// process is one supervised server, with what it needs beside it: a Ray cluster, or its ranks on other nodes.
type process struct {
	a         *agent
	want      drivers.Process
	next      *drivers.Process // takes its place once it has stopped
	removed   bool
	port      int
	gpus      []string
	main      *group // nil when nothing runs
	parts     parts
	ray       *rayCluster // nil when it wants none, or has not begun it
	version   version
	spread    version // that decides how its nodes work together
	facts     facts
	progress  started // of this start
	starting  bool    // start was called, and main does not run yet
	stopping  bool    // all its parts are being ended
	fault     *fault  // the cause, unless it was stopped on purpose
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
	up        bool // so was this start
	lost      bool // a happening said that it is not as it should be, and none that it is Ready again
	last      *v1alpha1.End
	models    []string
	work      *v1alpha1.Work // of a start, as its log says
	workSeen  time.Time
	wanted    time.Time        // since when this fingerprint is
	startup   *drivers.Startup // until it was Ready for the first time
	again     time.Time        // when a restart is due
	probed    time.Time
	token     string        // for its probes
	listener  *listener     // the sockets of this start
	client    *probe.Client // which connects to those alone
	taken     int           // the port on which another program was found listening; 0: none
	password  string        // for those with a user, and for what else asks for it
	hash      hashed        // of the password
	wrong     int           // answers in a row
	quiet     time.Duration // since its last answer, without the agent's own pauses
	misses    int           // that count for Live
	missed    time.Time     // when the probe of the last one began
	results   chan result   // one probe at a time
	probing   bool
	filed     int       // the agent's layout for which its files are written
	fileAgain time.Time // when that is tried again
	reloadDue time.Time
	reloaded  chan error
}

func newProcess(a *agent, want drivers.Process, now time.Time) *process {
	p := &process{a: a, want: want, wanted: now, results: make(chan result, 1), reloaded: make(chan error, 1)}
	p.start(now)
	return p
}

func (p *process) enter(phase, reason, message string, now time.Time) {
	if p.phase != phase {
		p.proven = p.proven || p.phase == drivers.PhaseReady && now.Sub(p.since) > provenAfter
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
	p.stop(now, "Stopping", "it is being stopped")
}

func (p *process) remove(now time.Time) {
	p.removed, p.next = true, nil
	p.stop(now, "Stopping", "it is being stopped")
}

func (p *process) gone() bool { return p.removed && !p.running() }

func (p *process) running() bool { return p.main != nil || p.parts.running() }

// stop ends the server, then what is under it.
func (p *process) stop(now time.Time, reason, message string) {
	p.starting = false
	if p.stopping {
		return
	}
	if !p.running() {
		p.releaseGPUs()
		return
	}
	p.stopping = true
	p.enter(drivers.PhaseRestarting, reason, message, now)
	p.terminate(now)
}

// fail ends everything of the process because a part of it did.
func (p *process) fail(f fault, now time.Time) {
	p.fault, p.starting, p.lost = &f, false, true
	p.happen(f.reason, fmt.Sprintf("%s; see %s", f.message, p.log()))
	p.last = &v1alpha1.End{Reason: f.reason, Message: f.message, At: now.UTC()}
	p.stop(now, f.reason, f.message)
	p.stopping = true
}

// terminate sends SIGTERM to the server, and once that has ended to its parts.
func (p *process) terminate(now time.Time) {
	switch {
	case p.main != nil:
		p.main.terminateOnce(now, p.want.Grace.Std())
	case !now.Before(p.doubt):
		p.parts.terminate(now)
	}
}

// step moves the process on: notices its end, restarts it when that is due, probes it.
func (p *process) step(now time.Time) {
	p.watch(now)
	if p.stopping {
		p.terminate(now)
		if p.running() {
			return
		}
		p.stopped(now)
	}
	switch {
	case p.starting:
		p.advance(now)
	case p.main != nil:
		p.takeReload()
		p.refresh(now)
		if !p.stopping {
			p.probe(now)
		}
		p.watchWork(now)
	case p.removed && p.phase != drivers.PhaseFailed: // a failure keeps its reason
		p.enter(drivers.PhaseStopped, "Removed", "it is not wanted any more", now)
	case p.next != nil:
		p.want, p.next, p.wanted, p.startup = *p.next, nil, now, nil
		p.restarts, p.retries, p.ready, p.lost, p.last, p.models, p.version, p.spread, p.note = 0, 0, false, false, nil, nil, version{}, version{}, ""
		p.start(now)
	case p.phase == drivers.PhaseRestarting && !now.Before(p.again):
		p.restart(now)
	}
}

// releaseGPUs gives the GPUs of a process that does not run to the others.
func (p *process) releaseGPUs() {
	p.a.gpus.give(p.gpus)
	p.gpus = nil
}
