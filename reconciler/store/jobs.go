package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"assay/drivers"
	"assay/drivers/durable"
)

// JobDir is the directory of one job. One that an older assay made, whose name ends with one number more, is found.
func (s *Store) JobDir(seat drivers.Seat, nonce string) string {
	name := seatNonce{seat, nonce}
	s.mu.Lock()
	known, ok := s.jobDirs[name]
	s.mu.Unlock()
	if ok {
		return known
	}
	place := fmt.Sprintf("%s-%d", safe(seat.Group), seat.Slot) // the number ends it: no two seats have the same
	dir := filepath.Join(s.dir, "jobs", safe(seat.Experiment), place, safe(nonce))
	older := filepath.Join(s.dir, "jobs", safe(seat.Experiment), place+"-0", safe(nonce))
	if _, err := durable.Stat(older); err == nil {
		dir = older
	} else if !errors.Is(err, fs.ErrNotExist) {
		return dir // not known now
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jobDirs) >= manyJobs {
		clear(s.jobDirs)
	}
	s.jobDirs[name] = dir
	return dir
}

type seatNonce struct {
	drivers.Seat
	nonce string
}

// manyJobs bounds the directories that are remembered: more than live at a time.
const manyJobs = 20_000

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
		return d, fmt.Errorf("writing what the agent of seat %s should run: %w", seat, err)
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

// State reads an agent's report; nil when there is none yet.
func (s *Store) State(seat drivers.Seat, nonce string) (*drivers.AgentState, error) {
	return durable.OptionalRecord[drivers.AgentState](filepath.Join(s.JobDir(seat, nonce), drivers.StateFile))
}
