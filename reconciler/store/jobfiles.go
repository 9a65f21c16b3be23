package store

import (
	"path/filepath"

	"assay/drivers"
	"assay/drivers/durable"
)

// JobFiles are the files of one job directory for who reads them again and again: what did not change is not read again. A
// look at a job whose agent reports nothing new costs one stat, of desired.json, and one read, of the beat file. They are
// not safe for concurrent use.
type JobFiles struct {
	state, beat string
	desired     durable.Watched[drivers.AgentDesired]
	last        *drivers.AgentState // as last read
	pulse       durable.Pulse       // at the last look
}

// JobFiles are those of a job, not read yet.
func (s *Store) JobFiles(seat drivers.Seat, nonce string) *JobFiles {
	dir := s.JobDir(seat, nonce)
	return &JobFiles{
		state: filepath.Join(dir, drivers.StateFile), beat: filepath.Join(dir, drivers.BeatFile),
		desired: durable.Watched[drivers.AgentDesired]{Path: filepath.Join(dir, drivers.DesiredFile)},
	}
}

// Desired is what the agent was told; zero when nothing was.
func (f *JobFiles) Desired() (drivers.AgentDesired, error) {
	d, _, err := f.desired.Read()
	if d == nil || err != nil {
		return drivers.AgentDesired{}, err
	}
	return *d, nil
}

// State is the agent's report, with the heartbeat of its beat file; nil when there is none yet. A beat names the state.json
// for which it vouches, so that file is read only when the beat names another one than was read last: a stat of it would cost
// as much as the beat, and can be answered from a cache. Without a beat, as from an agent of an older binary, and while the
// beat stands still, it is read: then somebody else may have written how the agent ended.
func (f *JobFiles) State() (*drivers.AgentState, error) {
	pulse, err := durable.ReadBeat(f.beat)
	heard := err == nil
	moved := pulse != f.pulse
	f.pulse = pulse
	if !heard || !moved || f.last == nil || f.last.Written != pulse.Of {
		if f.last, err = durable.OptionalRecord[drivers.AgentState](f.state); f.last == nil || err != nil {
			return nil, err
		}
	}
	now := *f.last
	if heard {
		now = now.At(pulse.Count, pulse.Of)
	}
	return &now, nil
}
