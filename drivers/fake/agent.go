package fake

import (
	"fmt"
	"path/filepath"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// disk leaves fsync out: nothing here survives the test.
var disk = durable.Writer{NoSync: true}

// agent is the simulated supervisor of one job.
type agent struct {
	dead      bool
	restarted bool // its job was requeued after it had run
	beat      uint64
	last      *drivers.AgentState // as last reported
	procs     map[string]*process
	runs      map[string]*run
}

// warned reports whether an agent is told now that its walltime is over.
func (c *Cluster) warned(j *job) bool {
	return !j.Signalled.IsZero() && !c.now.Before(j.Signalled) && !j.agent.dead && j.agent.last != nil
}

// endAgent lets an agent end in order: it stops its processes and runs, and says why.
func (c *Cluster) endAgent(j *job, why string) {
	a := &j.agent
	a.dead, a.restarted = true, false
	if a.last == nil {
		return
	}
	state := *a.last
	a.beat++
	state.Heartbeat, state.End = a.beat, &drivers.AgentEnd{Reason: why}
	_ = disk.ReplaceRecord(filepath.Join(j.spec.Dir, drivers.StateFile), state, nil) // an agent that cannot write is silent
}

type process struct {
	fingerprint string
	since       time.Time
	ready       bool
	was         bool
	url         string
}

// tick lets an agent read its desired.json and act once. A job without a directory has no agent.
func (c *Cluster) tick(j *job) {
	a := &j.agent
	if a.restarted {
		c.endAgent(j, drivers.EndRequeued)
		c.end(j, drivers.JobCompleted, "")
		return
	}
	if a.dead || j.spec.Dir == "" {
		return
	}
	var want drivers.AgentDesired
	if err := durable.ReadRecord(filepath.Join(j.spec.Dir, drivers.DesiredFile), &want); err != nil || want.Nonce != j.Tag.Nonce {
		return
	}
	if a.procs == nil {
		a.procs, a.runs = map[string]*process{}, map[string]*run{}
	}
	state := drivers.AgentState{
		Nonce: want.Nonce, JobID: string(j.ID), Generation: want.Generation, Node: j.Nodes[0],
		Processes: c.processes(a, want.Processes, j.Nodes[0]),
	}
	done := true
	for _, r := range want.Runs {
		s := c.run(j, r)
		state.Runs = append(state.Runs, s.state)
		done = done && s.state.Phase != "Running"
	}
	if want.ExitWhenDone && done && len(want.Runs) > 0 {
		a.dead = true
		state.End = &drivers.AgentEnd{Reason: drivers.EndDone}
		c.end(j, drivers.JobCompleted, "")
	}
	a.beat++
	state.Heartbeat = a.beat
	a.last = &state
	_ = disk.ReplaceRecord(filepath.Join(j.spec.Dir, drivers.StateFile), state, nil) // an agent that cannot write is silent
}

func (c *Cluster) processes(a *agent, want []drivers.Process, node string) []drivers.ProcessState {
	keep := map[string]*process{}
	var out []drivers.ProcessState
	for i, w := range want {
		p := a.procs[w.Name]
		if p == nil || p.fingerprint != w.Fingerprint {
			p = &process{fingerprint: w.Fingerprint, since: c.now}
		}
		if !p.ready && c.now.Sub(p.since) >= c.o.Startup {
			p.ready, p.was, p.since = true, true, c.now
		}
		p.url = fmt.Sprintf("http://%s:%d", node, 8000+i)
		keep[w.Name] = p
		s := drivers.ProcessState{
			Name: w.Name, Fingerprint: p.fingerprint, Phase: drivers.PhaseStarting, PhaseFor: drivers.SecondsOf(c.now.Sub(p.since)),
			Endpoint: p.url, WasReady: p.was, PID: 1000 + i,
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
