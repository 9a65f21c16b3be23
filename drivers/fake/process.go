package fake

import (
	"fmt"
	"time"

	"assay/drivers"
)

// believed is how long a simulated agent takes a server that answers nothing for Ready.
const believed = 10 * time.Second

// process is one simulated server.
type process struct {
	fingerprint string
	since       time.Time
	ready       bool
	was         bool
	startup     *drivers.Startup // until it was ready for the first time
	up          bool             // this start was Ready once
	hung        time.Time        // since when it has answered nothing, and runs
	restarts    int
	url         string
}

// processes moves every server of a job on, and reports them.
func (c *Cluster) processes(j *job, want []drivers.Process) []drivers.ProcessState {
	a, keep := &j.agent, map[string]*process{}
	var out []drivers.ProcessState
	for i, w := range want {
		p := a.procs[w.Name]
		if p == nil || p.fingerprint != w.Fingerprint {
			p = &process{fingerprint: w.Fingerprint, since: c.now}
		}
		c.listen(a, p, w)
		if p.hung.IsZero() && !p.ready && c.now.Sub(p.since) >= c.o.Startup {
			if p.restarts > 0 && !p.up {
				c.happen(a, w.Name, drivers.ReasonReadyAgain)
			}
			if !p.was {
				p.startup = &drivers.Startup{Serve: drivers.SecondsOf(c.now.Sub(p.since))}
			}
			p.ready, p.was, p.up, p.since = true, true, true, c.now
			c.ledger.answered[j.Tag.Nonce] = true
		}
		p.url = fmt.Sprintf("http://%s:%d", j.Nodes[0], 8000+i)
		keep[w.Name] = p
		s := drivers.ProcessState{
			Name: w.Name, Fingerprint: p.fingerprint, Phase: drivers.PhaseStarting, PhaseFor: drivers.SecondsOf(c.now.Sub(p.since)),
			Endpoint: p.url, Startup: p.startup, WasReady: p.was, Anew: p.was && !p.up, Restarts: p.restarts, PID: 1000 + i,
		}
		if p.ready {
			s.Phase = drivers.PhaseReady
			for _, probe := range w.Probes {
				if probe.Model != "" {
					s.Models = []string{probe.Model}
				}
			}
		}
		if w.Metrics != "" {
			s.Metrics = s.Endpoint + w.Metrics
		}
		out = append(out, s)
	}
	a.procs = keep
	return out
}

// listen is what an agent does about a server that hangs: it is not Ready soon, and it is restarted as Live says.
func (c *Cluster) listen(a *agent, p *process, want drivers.Process) {
	if p.hung.IsZero() {
		return
	}
	silent := c.now.Sub(p.hung)
	if p.ready && silent >= believed {
		p.ready, p.since = false, c.now
		c.happen(a, want.Name, drivers.ReasonProbeFailing)
	}
	live := want.Live
	if live.Misses == 0 || silent < live.Every.Std()*time.Duration(live.Misses) {
		return
	}
	c.happen(a, want.Name, drivers.ReasonNotAnswering)
	c.happen(a, want.Name, drivers.ReasonRestarted)
	p.hung, p.ready, p.up, p.since = time.Time{}, false, false, c.now
	p.restarts++
}

func (c *Cluster) happen(a *agent, process, reason string) {
	a.happened = append(a.happened, drivers.Happening{Number: uint64(len(a.happened) + 1), Beat: c.heartbeat(a), Process: process, Reason: reason})
}

// Hang lets the Ready servers of a job answer nothing from now on, while they run, until their agent restarts them.
func (c *Cluster) Hang(id drivers.JobID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j := c.find(id)
	if j == nil || j.State != drivers.JobRunning {
		return
	}
	for _, p := range j.agent.procs {
		if p.ready && p.hung.IsZero() {
			p.hung = c.now
		}
	}
}
