package agent

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// disk writes what is replaced all the time: after a power cut the former file can be back, and its heartbeat stands still.
var disk = durable.Writer{NoDirSync: true}

// report writes state.json when it changes, and at least once every beatEvery.
func (a *agent) report(final bool) error {
	s := a.snapshot()
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding the state: %w", err)
	}
	now := time.Now()
	if !final && string(b) == a.last && now.Sub(a.wrote) < beatEvery {
		return nil
	}
	a.last, a.wrote = string(b), now
	a.state.Heartbeat++
	s.Heartbeat = a.state.Heartbeat
	for i, p := range a.procs {
		s.Processes[i].PhaseFor = drivers.SecondsOf(now.Sub(p.since).Round(10 * time.Millisecond))
	}
	if err := disk.ReplaceRecord(filepath.Join(a.dir, drivers.StateFile), s, nil); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return nil
}

// snapshot is the state without what changes all the time.
func (a *agent) snapshot() drivers.AgentState {
	s := drivers.AgentState{Nonce: a.desired.Nonce, JobID: a.o.JobID, Generation: a.desired.Generation, Node: a.o.Node,
		Nodes: a.nodes.list(), Error: a.state.Error, End: a.state.End}
	for _, p := range a.procs {
		s.Processes = append(s.Processes, p.state())
	}
	for _, r := range a.runs {
		s.Runs = append(s.Runs, r.state())
	}
	return s
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

func (p *process) endpoint() string {
	if p.port == 0 {
		return ""
	}
	return p.a.endpointOf(p.port)
}
