package gc

import (
	"context"
	"fmt"
	"slices"

	"assay/drivers"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// snapshot is what decides about leftovers: what is declared, and what lives.
type snapshot struct {
	Collector
	heads    map[string]store.Revision // by experiment: what is declared
	attempts map[string]plan.Attempt   // by nonce: open ones and recent ended ones
	live     []drivers.Job             // what the scheduler lists as not over
}

// snapshot reads the store and asks the scheduler.
func (c Collector) snapshot(ctx context.Context) (snapshot, error) {
	s := snapshot{Collector: c, heads: map[string]store.Revision{}, attempts: map[string]plan.Attempt{}}
	heads, err := c.Store.Heads()
	if err != nil {
		return s, err
	}
	for _, h := range heads {
		s.heads[h.Experiment] = h
	}
	attempts, err := c.Store.Attempts()
	if err != nil {
		return s, err
	}
	for _, at := range attempts {
		s.attempts[at.Nonce] = at
	}
	if s.live, err = c.Jobs(ctx); err != nil {
		return s, fmt.Errorf("%w; nothing is cleaned while it is not known which jobs live", err)
	}
	if c.Experiment == "" {
		return s, nil
	}
	history, err := c.Store.History(c.Experiment)
	if err == nil && len(history) == 0 {
		err = fmt.Errorf("no experiment %q was ever here; what there is: assay get experiments", c.Experiment)
	}
	return s, err
}

// chosen reports whether an experiment is one that the user asked about.
func (s snapshot) chosen(experiment string) bool {
	return s.Experiment == "" || s.Experiment == experiment
}

func (s snapshot) declared(experiment string) bool {
	_, ok := s.heads[experiment]
	return ok
}

// mayLive reports whether an attempt may still have a job.
func (s snapshot) mayLive(nonce string) bool {
	at, ok := s.attempts[nonce]
	return ok && (at.End == nil || at.Loose() || at.Fenced == plan.FenceExpired) || slices.ContainsFunc(s.live, func(j drivers.Job) bool { return j.Tag.Nonce == nonce })
}

// unknown are the live jobs that the records do not explain.
func (s snapshot) unknown() (out []drivers.Job) {
	for _, j := range s.live {
		x := j.Tag.Seat.Experiment
		_, recorded := s.attempts[j.Tag.Nonce]
		if s.chosen(x) && (!s.declared(x) || !recorded) {
			out = append(out, j)
		}
	}
	return out
}
