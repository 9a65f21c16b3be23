package agent

import (
	"fmt"
	"time"

	"assay/drivers"
)

const (
	paused       = 2 * time.Second  // between two turns of the loop: the agent itself was stopped, or starved
	believed     = 10 * time.Second // a Ready server that answers nothing is not Ready after this time
	reasked      = 3 * time.Second  // the same after a pause of the agent that was as long
	longestProbe = 30               // seconds for an answer, unless the probe itself has more
	keepHappened = 50               // happenings that are kept for a controller that is not there
	maxHappened  = 300              // characters of the message of one
)

// wake notes that a turn of the loop begins. What was asked before a pause of the agent's own proves nothing against a
// server, and of the pause itself only a little counts as time in which a server was silent; see listen for a long one.
func (a *agent) wake(now time.Time) {
	a.awake, a.slept = 0, 0
	if gone := now.Sub(a.turned); !a.turned.IsZero() && gone >= paused {
		a.awake, a.slept, a.resumed = paused, gone, now
	} else if !a.turned.IsZero() {
		a.awake = gone
	}
	a.turned = now
}

// listen takes Ready from a server that has answered nothing for long, whether or not the probe under way has failed yet. What
// stopped the agent for long may have stopped its server, too, and still stop it: the server has to answer soon then.
func (p *process) listen(now time.Time) {
	if p.phase != drivers.PhaseReady {
		return
	}
	if p.quiet += p.a.awake; p.a.slept >= believed {
		p.quiet = max(p.quiet, believed-reasked)
	}
	if p.quiet > believed {
		p.lose(fmt.Sprintf("it has answered no probe for %s", believed), now)
	}
}

// lose notes that a Ready server is not Ready any more, although it runs.
func (p *process) lose(message string, now time.Time) {
	p.lost = true
	p.happen(drivers.ReasonProbeFailing, "it was Ready, and does not pass its probes any more: "+message)
	p.enter(drivers.PhaseStarting, drivers.ReasonProbeFailing, message, now)
}

// miss counts a probe that a server which has been Ready since its start did not pass. Probes that follow each other
// faster than Live.Every count once.
func (p *process) miss(r result, now time.Time) {
	l := p.want.Live
	if l.Misses <= 0 || !p.up || p.misses > 0 && r.began.Sub(p.missed) < l.Every.Std() {
		return
	}
	p.misses, p.missed = p.misses+1, r.began
	if p.misses >= l.Misses {
		p.fail(fault{drivers.ReasonNotAnswering, fmt.Sprintf("it failed %d probes, %s apart, and none passed in between: %v", l.Misses, l.Every.Std(), r.err)}, now)
	}
}

// patience is how long a probe waits for an answer. A server that was Ready is only asked whether it lives, and one under
// load can be slow: it gets the time between two probes that count.
func (p *process) patience(own drivers.Seconds) drivers.Seconds {
	if !p.up {
		return own
	}
	return max(own, min(p.want.Live.Every, longestProbe))
}

// happen keeps what happened to a process for the controller, which makes an event of it.
func (p *process) happen(reason, message string) {
	a := p.a
	a.happenings++
	if r := []rune(message); len(r) > maxHappened {
		message = string(r[:maxHappened]) + "…"
	}
	a.happened = append(a.happened, drivers.Happening{Number: a.happenings, Beat: a.state.Heartbeat, Process: p.want.Name, Reason: reason, Message: message})
	a.happened = a.happened[max(0, len(a.happened)-keepHappened):]
}
