package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"assay/drivers"
)

// report writes state.json when it says something new, and once a beat.
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
	if err := writeJSON(filepath.Join(a.dir, drivers.StateFile), s); err != nil {
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

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// writeJSON replaces a file whole.
func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
