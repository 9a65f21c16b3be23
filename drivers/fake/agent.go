package fake

import (
	"cmp"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// disk leaves fsync out: nothing here survives the test.
var disk = durable.Writer{NoSync: true}

// agent is the simulated supervisor of one job.
type agent struct {
	dead      bool
	over      bool                // it ended in order, and its processes with it
	stopped   bool                // it does nothing, as after SIGSTOP
	since     time.Time           // when it fell silent; zero while it is heard
	restarted bool                // its job was requeued after it had run
	began     time.Time           // its first turn
	written   uint64              // number of the last state.json
	wrote     string              // that one, without what changes all the time
	mends     time.Time           // when it is written anew
	last      *drivers.AgentState // as last reported
	wants     []drivers.Process   // as it last read
	procs     map[string]*process
	runs      map[string]*run
	happened  []drivers.Happening
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
	end := &drivers.AgentEnd{Reason: why}
	if state.End != nil {
		end.First = cmp.Or(state.End.First, state.End.Reason)
	}
	state.End = end
	a.last = &state
	c.report(j, state)
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
		a.procs, a.runs, a.began = map[string]*process{}, map[string]*run{}, c.now
	}
	processes := c.processes(j, want.Processes)
	state := drivers.AgentState{
		Nonce: want.Nonce, JobID: string(j.ID), Generation: want.Generation, Node: j.Nodes[0],
		Nodes:     []drivers.NodeState{{Name: j.Nodes[0], Metrics: agentPort(j.Nodes[0]) + "/metrics"}},
		Processes: processes, Happened: a.happened,
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
	a.last = &state
	c.report(j, state)
}

// heartbeat counts seconds of an agent's life.
func (c *Cluster) heartbeat(a *agent) uint64 { return 1 + uint64(c.now.Sub(a.began)/drivers.BeatEvery) }

// report writes state.json when it changed, and the beat file each time. An agent that cannot write is silent.
func (c *Cluster) report(j *job, state drivers.AgentState) {
	a := &j.agent
	if c.silent(j) {
		return
	}
	steady := state
	steady.Processes = slices.Clone(state.Processes)
	for i := range steady.Processes {
		steady.Processes[i].PhaseFor = 0
	}
	now, err := json.Marshal(steady)
	if err != nil {
		panic(err) // only plain data comes here
	}
	if string(now) != a.wrote || !c.now.Before(a.mends) { // as the real one does, in case somebody has damaged it
		state.Heartbeat, state.Written = c.heartbeat(a), a.written+1
		if disk.ReplaceRecord(filepath.Join(j.spec.Dir, drivers.StateFile), state, nil) != nil {
			return
		}
		a.wrote, a.written, a.mends = string(now), state.Written, c.now.Add(time.Minute)
	}
	beat := durable.Beat{Path: filepath.Join(j.spec.Dir, drivers.BeatFile), NoSync: true}
	_ = errors.Join(beat.Write(durable.Pulse{Count: c.heartbeat(a), Of: a.written}), beat.Close())
}
