package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plan"
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
	place := placeName(seat)
	dir := filepath.Join(s.dir, "jobs", safe(seat.Experiment), place, safe(nonce))
	older := filepath.Join(s.dir, "jobs", safe(seat.Experiment), place+"-0", safe(nonce))
	if _, err := durable.Stat(older); err == nil {
		dir = older
	} else if !errors.Is(err, fs.ErrNotExist) {
		return dir // not known now
	}
	s.knowJobDir(name, dir)
	return dir
}

// newJobDir is JobDir for a job that this assay makes: there is none to look for.
func (s *Store) newJobDir(seat drivers.Seat, nonce string) string {
	dir := filepath.Join(s.dir, "jobs", safe(seat.Experiment), placeName(seat), safe(nonce))
	s.knowJobDir(seatNonce{seat, nonce}, dir)
	return dir
}

func (s *Store) knowJobDir(name seatNonce, dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jobDirs) >= manyJobs {
		clear(s.jobDirs)
	}
	s.jobDirs[name] = dir
}

// placeName is the folder of a seat's jobs. Numbers end it, so no two seats have the same.
func placeName(seat drivers.Seat) string {
	name := fmt.Sprintf("%s-%d", safe(seat.Group), seat.Slot)
	if seat.Renewal > 0 {
		name += fmt.Sprintf("+%d", seat.Renewal)
	}
	return name
}

type seatNonce struct {
	drivers.Seat
	nonce string
}

// manyJobs bounds the directories that are remembered: more than live at a time.
const manyJobs = 20_000

// fleeting writes names in job directories, which are not fsynced (the content of files is): after a power cut the next pass
// finds that an agent was told nothing, and tells it again. For a thousand submissions these would be most of the fsyncs.
func (s *Store) fleeting() durable.Writer {
	w := s.fs
	w.NoDirSync = true
	return w
}

// FirstDesired writes what the agent of an attempt that was just begun, and not submitted yet, should run. It is as fleeting as
// the folder's name: what a power cut leaves of it is written anew.
func (l *Lease) FirstDesired(a plan.Attempt, d drivers.AgentDesired) error {
	if err := l.makeKeys(d.Processes); err != nil {
		return err
	}
	d.Nonce, d.Generation, d.Since = a.Nonce, 1, 1
	w := l.s.fleeting()
	w.NoSync = true
	if err := w.ReplaceRecord(filepath.Join(l.s.JobDir(a.Seat, a.Nonce), drivers.DesiredFile), d, nil); err != nil {
		return fmt.Errorf("writing what the agent of seat %s should run: %w", a.Seat, err)
	}
	return nil
}

// WriteDesired replaces what an agent should run. The generation rises with every change; the same again writes nothing. A
// damaged file is written anew: it holds nothing that is not in d.
func (l *Lease) WriteDesired(seat drivers.Seat, nonce string, d drivers.AgentDesired) (drivers.AgentDesired, error) {
	before, err := l.s.ReadDesired(seat, nonce)
	torn := errors.Is(err, durable.ErrDamaged)
	if err != nil && !torn {
		return d, err
	}
	d.Nonce = nonce
	if before.Generation > 0 && !torn && d.Equal(before) {
		return before, l.Check()
	}
	if err := l.makeKeys(d.Processes); err != nil {
		return d, err
	}
	d.Generation = before.Generation + 1
	state, err := l.s.State(seat, nonce)
	if err == nil && state != nil && state.Generation >= d.Generation {
		torn, d.Generation = true, state.Generation+1 // an older file was put in its place
	}
	if torn {
		d.Generation += lostGenerations
	}
	if d.Since = before.Since; torn || !d.Serves(before) {
		d.Since = d.Generation
	}
	if err := l.s.fleeting().ReplaceRecord(filepath.Join(l.s.JobDir(seat, nonce), drivers.DesiredFile), d, l.Check); err != nil {
		return d, fmt.Errorf("writing what the agent of seat %s should run: %w", seat, err)
	}
	return d, nil
}

// lostGenerations is more than an agent can have seen and not reported yet.
const lostGenerations = 100

// Stop tells the agent of an attempt that is over to end everything at once, and why. A desired state that is damaged is
// replaced, too; without the job's folder there is no agent to tell.
func (l *Lease) Stop(seat drivers.Seat, nonce, why string) error {
	dir := l.s.JobDir(seat, nonce)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return l.Check()
	}
	d, err := l.s.ReadDesired(seat, nonce)
	if errors.Is(err, durable.ErrDamaged) {
		if st, err := l.s.State(seat, nonce); err == nil && st != nil {
			d.Generation = st.Generation
		}
		err = nil
	}
	if err != nil {
		return err
	}
	if d.Stop != "" {
		return l.Check()
	}
	d.Nonce, d.Stop, d.Processes = nonce, why, nil // an older agent ends the processes because they are not wanted
	d.Generation++
	for i := range d.Runs {
		d.Runs[i].Cancel = true
	}
	if err := l.s.fleeting().ReplaceRecord(filepath.Join(dir, drivers.DesiredFile), d, l.Check); err != nil {
		return fmt.Errorf("telling the agent of seat %s to stop: %w", seat, err)
	}
	return nil
}

// ReadDesired reads what an agent was told; zero when nothing was.
func (s *Store) ReadDesired(seat drivers.Seat, nonce string) (drivers.AgentDesired, error) {
	d, err := durable.OptionalRecord[drivers.AgentDesired](filepath.Join(s.JobDir(seat, nonce), drivers.DesiredFile))
	if d == nil || err != nil {
		return drivers.AgentDesired{}, err
	}
	if d.Nonce != nonce {
		path := filepath.Join(s.JobDir(seat, nonce), drivers.DesiredFile)
		return drivers.AgentDesired{}, durable.Damaged(path, fmt.Errorf("it is for submission %q", d.Nonce))
	}
	return *d, nil
}

// State reads an agent's report, with the heartbeat of its beat file; nil when there is none yet.
func (s *Store) State(seat drivers.Seat, nonce string) (*drivers.AgentState, error) {
	return s.JobFiles(seat, nonce).State()
}
