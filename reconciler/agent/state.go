package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// disk writes what is replaced all the time: after a power cut the former file can be back, and its heartbeat stands still.
var disk = durable.Writer{NoDirSync: true}

const (
	writeAgain = time.Second // after state.json could not be written
	// mendEvery is how often state.json is written anew, and the beat file made anew if its name is gone: somebody may have
	// damaged them. A controller that is so old that it knows no beat file takes an agent for lost after 90 s.
	mendEvery = time.Minute
)

// report writes state.json when it changed, and the beat file every drivers.BeatEvery: while nothing changes, nothing is
// opened or renamed. The beat vouches for state.json, so it stands still while a change is not written.
func (a *agent) report(now time.Time, final bool) error {
	if a.began.IsZero() {
		a.began, a.checked = now, now
	}
	beat := 1 + uint64(max(0, now.Sub(a.began))/drivers.BeatEvery)
	due := beat != a.state.Heartbeat
	a.state.Heartbeat = beat
	s := a.snapshot(now)
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding the state: %w", err)
	}
	if mend := now.Sub(a.checked) >= mendEvery; final || mend || string(b) != a.last {
		if mend {
			a.checked = now
			a.beat.Check()
		}
		if !final && a.last == "" && now.Sub(a.wrote) < writeAgain {
			return nil
		}
		a.last, a.wrote = "", now
		if err := a.write(s, now); err != nil {
			return err
		}
		a.last, due = string(b), true
	}
	if !due {
		return nil
	}
	return a.beat.Write(durable.Pulse{Count: beat, Of: a.state.Written})
}

func (a *agent) write(s drivers.AgentState, now time.Time) error {
	s.Heartbeat, s.Written = a.state.Heartbeat, a.state.Written+1
	for i, p := range a.procs {
		s.Processes[i].PhaseFor = drivers.SecondsOf(now.Sub(p.since).Round(10 * time.Millisecond))
	}
	if err := disk.ReplaceRecord(filepath.Join(a.dir, drivers.StateFile), s, nil); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	a.state.Written++
	return nil
}

// writeFor writes the last state of an agent in its place, with a beat that vouches for it: readers trust only such.
func writeFor(dir string, s drivers.AgentState) error {
	beat := durable.Beat{Path: filepath.Join(dir, drivers.BeatFile)}
	before, _ := durable.ReadBeat(beat.Path) // without one the state has the heartbeat
	s.Heartbeat, s.Written = max(s.Heartbeat, before.Count)+1, s.Written+1
	if err := disk.ReplaceRecord(filepath.Join(dir, drivers.StateFile), s, nil); err != nil {
		return err
	}
	return errors.Join(beat.Write(durable.Pulse{Count: s.Heartbeat, Of: s.Written}), beat.Close())
}

// snapshot is the state without what changes all the time.
func (a *agent) snapshot(now time.Time) drivers.AgentState {
	s := drivers.AgentState{Program: filepath.Base(filepath.Dir(a.o.Binary)), Nonce: a.desired.Nonce, JobID: a.o.JobID, Generation: a.desired.Generation, Node: a.o.Node,
		Nodes: a.nodes.list(now), Relays: a.relays.ports(), Happened: a.happened, Error: a.state.Error, End: a.state.End}
	for _, p := range a.procs {
		s.Processes = append(s.Processes, p.state())
	}
	for _, r := range a.runs {
		s.Runs = append(s.Runs, r.state())
	}
	return a.hidden(s)
}

func (p *process) state() drivers.ProcessState {
	s := drivers.ProcessState{Name: p.want.Name, Fingerprint: p.want.Fingerprint, Phase: p.phase, Reason: p.reason, Message: p.message,
		Endpoint: p.endpoint(), Ports: p.a.further(p.want.Name), Models: p.models, Restarts: max(p.restarts, 0), WasReady: p.ready, Anew: p.ready && !p.up, Last: p.last, Log: p.log(), Ran: p.learned(), Startup: p.startup, Work: p.work}
	if p.note != "" {
		s.Reason, s.Message = "Attention", p.note
	}
	switch {
	case p.want.Metrics == "" || s.Endpoint == "":
	case !p.want.Private:
		s.Metrics = s.Endpoint + p.want.Metrics
	case p.a.nodes.base != "":
		s.Metrics = p.a.nodes.base + "/process/" + p.want.Name
	}
	if p.main != nil {
		s.PID = p.main.cmd.Process.Pid
	}
	return s
}

func (p *process) endpoint() string {
	if p.port == 0 || p.taken != 0 { // a port that another program has is not shown
		return ""
	}
	return p.a.endpointOf(p.port)
}
