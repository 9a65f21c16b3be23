package slurm

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"assay/drivers"
)

const (
	mostCancels = 200                   // jobs that are named to one command
	gather      = 20 * time.Millisecond // how long a command waits for others who want one
)

// cancels are the jobs that callers want cancelled. What is asked for while a command runs is done by the next one, all of
// it together.
type cancels struct {
	mu      sync.Mutex
	working bool
	waiting []cancel
}

type cancel struct {
	id    drivers.JobID
	nonce string
	done  chan error // has room for the answer
}

// Cancel runs scancel if the job has the nonce.
func (s *Scheduler) Cancel(ctx context.Context, id drivers.JobID, nonce string) error {
	c := cancel{id, nonce, make(chan error, 1)}
	s.cancels.mu.Lock()
	s.cancels.waiting = append(s.cancels.waiting, c)
	if !s.cancels.working {
		s.cancels.working = true
		go s.cancelAll()
	}
	s.cancels.mu.Unlock()
	select {
	case err := <-c.done:
		if err != nil {
			return fmt.Errorf("cancelling job %s: %w", id, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cancelling job %s: %w: %w", id, ctx.Err(), drivers.ErrUnavailable)
	}
}

// cancelAll works until nobody waits. Its commands have time limits of their own: they are for several callers.
func (s *Scheduler) cancelAll() {
	for {
		time.Sleep(gather)
		s.cancels.mu.Lock()
		n := min(len(s.cancels.waiting), mostCancels)
		now := s.cancels.waiting[:n:n]
		s.cancels.waiting = s.cancels.waiting[n:]
		s.cancels.working = n > 0
		s.cancels.mu.Unlock()
		if n == 0 {
			return
		}
		err := s.cancelThese(context.Background(), now)
		for _, c := range now {
			c.done <- err
		}
	}
}

// cancelThese compares the nonces, then cancels those jobs that are still the ones that were meant.
func (s *Scheduler) cancelThese(ctx context.Context, all []cancel) error {
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = string(c.id)
	}
	held, err := s.holders(ctx, ids)
	if err != nil {
		return err
	}
	var meant []string
	for _, c := range all {
		if c.nonce != "" && held[c.id] == c.nonce {
			meant = append(meant, string(c.id))
		}
	}
	if len(meant) == 0 {
		return nil
	}
	if a := s.call(ctx, "scancel", meant...); a.err != nil || a.code != 0 {
		return fmt.Errorf("%w: %w", a.failure(), drivers.ErrUnavailable)
	}
	return nil
}

// holders returns the nonces in the comments of jobs, by id. Jobs that do not exist are left out.
func (s *Scheduler) holders(ctx context.Context, ids []string) (map[drivers.JobID]string, error) {
	a := s.call(ctx, "squeue", "-h", "-t", "all", "-j", strings.Join(ids, ","), "-o", "%i"+fieldEnd+"%k"+recordEnd)
	switch {
	case a.err == nil && a.code != 0 && strings.Contains(a.text, "Invalid job id"):
		return nil, nil // none of them exists
	case a.err != nil || a.code != 0:
		return nil, fmt.Errorf("asking for job %s: %w: %w", strings.Join(ids, ", "), a.failure(), drivers.ErrUnavailable)
	}
	out := map[drivers.JobID]string{}
	for record := range strings.SplitSeq(a.out, recordEnd) {
		if id, comment, ok := strings.Cut(strings.TrimPrefix(record, "\n"), fieldEnd); ok {
			tag, _ := drivers.ParseTag(comment)
			out[drivers.JobID(id)] = tag.Nonce
		}
	}
	return out, nil
}
