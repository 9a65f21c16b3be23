package fake

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	over      bool      // it ended in order, and its processes with it
	stopped   bool      // it does nothing, as after SIGSTOP
	since     time.Time // when it fell silent; zero while it is heard
	restarted bool      // its job was requeued after it had run
	beat      uint64
	last      *drivers.AgentState // as last reported
	wants     []drivers.Process   // as it last read
	procs     map[string]*process
	runs      map[string]*run
}

// warned reports whether an agent is told now that its walltime is over.
func (c *Cluster) warned(j *job) bool {
	return !j.Signalled.IsZero() && !c.now.Before(j.Signalled) && !j.agent.dead && !c.silent(j) && j.agent.last != nil
}

// endAgent lets an agent end in order: it stops its processes and runs, and says why.
func (c *Cluster) endAgent(j *job, why string) {
	a := &j.agent
	a.dead, a.restarted, a.over = true, false, true
	if a.last == nil {
		return
	}
	state := *a.last
	a.beat++
	end := &drivers.AgentEnd{Reason: why}
	if state.End != nil {
		end.First = cmp.Or(state.End.First, state.End.Reason)
	}
	state.Heartbeat, state.End = a.beat, end
	a.last = &state
	c.report(j, state)
}

type process struct {
	fingerprint string
	since       time.Time
	ready       bool
	was         bool
	url         string
}

type run struct {
	state drivers.RunState
	done  time.Time
}

// tick lets an agent read its desired.json and act once. A silent one does neither. A job without a directory has no agent.
func (c *Cluster) tick(j *job) {
	a := &j.agent
	if c.silent(j) {
		return
	}
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
	if want.Stop != "" {
		c.endAgent(j, drivers.EndStopped)
		c.end(j, drivers.JobCompleted, "")
		return
	}
	a.wants = want.Processes
	if a.procs == nil {
		a.procs, a.runs = map[string]*process{}, map[string]*run{}
	}
	state := drivers.AgentState{
		Nonce: want.Nonce, JobID: string(j.ID), Generation: want.Generation, Node: j.Nodes[0],
		Nodes:     []drivers.NodeState{{Name: j.Nodes[0], Metrics: agentPort(j.Nodes[0]) + "/metrics"}},
		Processes: c.processes(j, want.Processes),
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
	c.report(j, state)
}

func (c *Cluster) processes(j *job, want []drivers.Process) []drivers.ProcessState {
	a, node := &j.agent, j.Nodes[0]
	keep := map[string]*process{}
	var out []drivers.ProcessState
	for i, w := range want {
		p := a.procs[w.Name]
		if p == nil || p.fingerprint != w.Fingerprint {
			p = &process{fingerprint: w.Fingerprint, since: c.now}
		}
		if !p.ready && c.now.Sub(p.since) >= c.o.Startup {
			p.ready, p.was, p.since = true, true, c.now
			c.ledger.answered[j.Tag.Nonce] = true
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

// run moves one run on: claim, execute, write the result. A run that is already claimed or has a result is left alone.
func (c *Cluster) run(j *job, r drivers.Run) *run {
	a := &j.agent
	s := a.runs[r.ID]
	if s == nil {
		s = &run{state: drivers.RunState{ID: r.ID, Phase: "Running"}, done: c.now.Add(c.o.RunTime)}
		a.runs[r.ID] = s
		switch {
		case exists(filepath.Join(r.Dir, drivers.ResultFile)):
			s.state.Phase = "Complete"
		case r.Cancel:
			s.state.Phase = "Superseded"
		default:
			claim := drivers.Claim{Nonce: j.Tag.Nonce, JobID: string(j.ID), Node: j.Nodes[0]}
			if err := disk.CreateRecord(filepath.Join(r.Dir, drivers.ClaimFile), claim, nil); err != nil {
				s.state.Phase, s.state.Message = "Failed", err.Error()
			}
		}
	}
	switch {
	case s.state.Phase != "Running":
	case r.Cancel:
		s.state.Phase = "Superseded"
	case !c.now.Before(s.done):
		res := drivers.SuiteResult{
			Run: r.ID, Started: s.done.Add(-c.o.RunTime), Ended: s.done, Simulated: true, Valid: true,
			Metrics: map[string]float64{"completed": 1},
		}
		c.ledger.results[r.ID]++
		s.state.Phase = "Complete"
		if err := disk.ReplaceRecord(filepath.Join(r.Dir, drivers.ResultFile), res, nil); err != nil {
			s.state.Phase, s.state.Message = "Failed", err.Error()
		}
	}
	return s
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
