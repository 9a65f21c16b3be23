package local

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"assay/drivers"
	"assay/drivers/procid"
)

// Jobs lists the jobs of a store. It has no effects. A job that runs where it cannot be seen from here makes the whole
// listing ErrUnavailable.
func (s *Scheduler) Jobs(ctx context.Context, owner string) ([]drivers.Job, error) {
	numbers, err := s.numbers()
	if err != nil {
		return nil, fmt.Errorf("listing local jobs: %w", err)
	}
	var out []drivers.Job
	for _, n := range numbers {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("listing local jobs: %w: %w", drivers.ErrUnavailable, err)
		}
		f, err := s.facts(s.id(n))
		if absent(err) {
			continue // its submission was cut short, or it was forgotten since
		}
		var j drivers.Job
		if err == nil && f.spec.Tag.Store != owner {
			continue
		}
		if err == nil {
			j, err = s.job(s.id(n), f)
		}
		if err != nil {
			return nil, fmt.Errorf("listing local jobs: %w: %w", drivers.ErrUnavailable, err)
		}
		out = append(out, j)
	}
	return out, nil
}

// Ended returns how a job ended, for as long as its folder is kept.
func (s *Scheduler) Ended(ctx context.Context, id drivers.JobID, nonce string) (drivers.Job, error) {
	j, err := s.read(string(id))
	switch {
	case absent(err) || err == nil && j.Tag.Nonce != nonce:
		return j, fmt.Errorf("asking how local job %s ended: %w", id, drivers.ErrNotFound)
	case err != nil:
		return j, fmt.Errorf("asking how local job %s ended: %w: %w", id, drivers.ErrUnavailable, err)
	}
	return j, nil
}

// read returns a job as it is now; fs.ErrNotExist when there is none. Any other error means that nothing is known of it.
func (s *Scheduler) read(id string) (drivers.Job, error) {
	f, err := s.facts(id)
	if err != nil {
		return drivers.Job{}, err
	}
	return s.job(id, f)
}

// job decides what state a job is in:
//
//	end.json                        the state in it
//	no started.json, not for long   Pending
//	no started.json                 Failed (NeverStarted)
//	the shepherd is alive           Running
//	the shepherd is gone            NodeFail (ShepherdKilled)
//	the shepherd cannot be seen     an error: nothing is known; Unknown where Options.Away allows it
//
// Tag, Limit and the times are set in any case.
func (s *Scheduler) job(id string, f facts) (drivers.Job, error) {
	j := drivers.Job{ID: drivers.JobID(id), Name: f.spec.Name, Tag: f.spec.Tag, Limit: f.spec.Time, Submitted: f.submitted}
	if f.limit != nil {
		j.Limit = f.limit.Time
	}
	if f.started != nil {
		j.Started, j.Nodes = f.started.At, []string{cmp.Or(f.started.Host, hostname())}
		if j.Limit > 0 {
			j.Ends = j.Started.Add(j.Limit)
		}
	}
	if e := f.outcome(); e != nil {
		j.State, j.Reason, j.Exit, j.Signal = e.State, e.Reason, e.Exit, e.Signal
		return j, nil
	}
	if f.started == nil {
		j.State, j.Reason = drivers.JobPending, "Starting"
		return j, nil
	}
	if f.shepherd == procid.Unknown && s.o.Away {
		if !j.Ends.IsZero() && time.Since(j.Ends) > awayAfter { // its shepherd would have ended it, so its host is gone
			j.State, j.Reason = drivers.JobNodeFail, "HostGone"
			return j, nil
		}
		j.State, j.Away = drivers.JobUnknown, cmp.Or(f.started.Host, "another host")
		return j, nil
	}
	if f.shepherd == procid.Unknown {
		return j, fmt.Errorf("job %s is supervised by %s, and its state cannot be seen from here; run assay there, or, once the job has certainly ended, type: rm -r %s",
			id, f.started.ID, s.folder(id))
	}
	j.State = drivers.JobRunning
	return j, nil
}

// outcome is how a job ended; nil while it is not known to be over.
func (f facts) outcome() *end {
	switch {
	case f.end != nil:
		return f.end
	case f.started == nil && time.Since(f.submitted) > startWithin:
		return &end{State: drivers.JobFailed, Reason: "NeverStarted", At: f.submitted}
	case f.started != nil && f.shepherd == procid.Gone:
		return &end{State: drivers.JobNodeFail, Reason: "ShepherdKilled"} // when is not known
	}
	return nil
}

// hostname is the node of jobs that an older assay started.
func hostname() string {
	host, _ := os.Hostname() // for people; an unknown one stays empty
	return host
}
