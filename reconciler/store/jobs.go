package store

import (
	"fmt"
	"path/filepath"

	"assay/drivers"
	"assay/drivers/durable"
)

// JobDir is the directory of one job.
func (s *Store) JobDir(seat drivers.Seat, nonce string) string {
	place := fmt.Sprintf("%s-%d-%d", safe(seat.Group), seat.Slot, seat.Renewal) // the two numbers end it: no two seats meet
	return filepath.Join(s.dir, "jobs", safe(seat.Experiment), place, safe(nonce))
}

// WriteDesired replaces what an agent should run. The generation rises with every change; the same again writes nothing.
func (l *Lease) WriteDesired(seat drivers.Seat, nonce string, d drivers.AgentDesired) (drivers.AgentDesired, error) {
	before, err := l.s.ReadDesired(seat, nonce)
	if err != nil {
		return d, err
	}
	d.Nonce = nonce
	if before.Generation > 0 && d.Equal(before) {
		return before, l.Check()
	}
	d.Generation = before.Generation + 1
	if err := l.replace(filepath.Join(l.s.JobDir(seat, nonce), drivers.DesiredFile), d); err != nil {
		return d, fmt.Errorf("telling the agent of seat %s: %w", seat, err)
	}
	return d, nil
}

// ReadDesired reads what an agent was told; zero when nothing was.
func (s *Store) ReadDesired(seat drivers.Seat, nonce string) (drivers.AgentDesired, error) {
	d, err := durable.OptionalRecord[drivers.AgentDesired](filepath.Join(s.JobDir(seat, nonce), drivers.DesiredFile))
	if d == nil || err != nil {
		return drivers.AgentDesired{}, err
	}
	return *d, nil
}

// State reads what an agent says; nil when it has said nothing.
func (s *Store) State(seat drivers.Seat, nonce string) (*drivers.AgentState, error) {
	return durable.OptionalRecord[drivers.AgentState](filepath.Join(s.JobDir(seat, nonce), drivers.StateFile))
}
