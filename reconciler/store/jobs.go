package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"assay/drivers"
)

// JobDir is the directory of one job.
func (s *Store) JobDir(seat drivers.Seat, nonce string) string {
	return filepath.Join(s.dir, "jobs", seat.Experiment, fmt.Sprintf("%s-%d-%d", seat.Group, seat.Slot, seat.Renewal), nonce)
}

// Tell replaces what an agent should run. The generation rises with every change; the same again writes nothing.
func (l *Lease) Tell(seat drivers.Seat, nonce string, d drivers.AgentDesired) (drivers.AgentDesired, error) {
	if err := l.Check(); err != nil {
		return d, err
	}
	before, err := l.s.Told(seat, nonce)
	if err != nil {
		return d, err
	}
	d.Nonce = nonce
	if before.Generation > 0 && d.Equal(before) {
		return before, nil
	}
	d.Generation = before.Generation + 1
	if err := l.s.fs.replace(filepath.Join(l.s.JobDir(seat, nonce), drivers.DesiredFile), d); err != nil {
		return d, fmt.Errorf("telling the agent of seat %s: %w", seat, err)
	}
	return d, nil
}

// Told reads what an agent was told; zero when nothing was.
func (s *Store) Told(seat drivers.Seat, nonce string) (drivers.AgentDesired, error) {
	var d drivers.AgentDesired
	err := read(filepath.Join(s.JobDir(seat, nonce), drivers.DesiredFile), &d)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	return d, err
}

// State reads what an agent says; nil when it has said nothing.
func (s *Store) State(seat drivers.Seat, nonce string) (*drivers.AgentState, error) {
	var st drivers.AgentState
	err := read(filepath.Join(s.JobDir(seat, nonce), drivers.StateFile), &st)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &st, nil
}
