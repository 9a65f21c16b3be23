package reconciler

import (
	"context"
	"errors"
	"slices"
	"time"

	"assay/drivers"
	"assay/reconciler/each"
	"assay/reconciler/plan"
)

// demandEvery is how soon after the last answer a command that waits may have the scheduler asked again.
const demandEvery = 2 * time.Second

// listing remembers the scheduler's last answer and decides when to ask again: at every while something is in flight or
// was just done, and at growing intervals up to atMost while nothing changes. Only a command that waits makes it sooner.
type listing struct {
	every, atMost time.Duration

	last     plan.Listing
	at       time.Time                   // of the last question, by the steady clock
	ending   map[drivers.JobID]time.Time // since when jobs are seen to be ending, by the steady clock
	asked    bool
	interval time.Duration
	kicked   bool
	demanded bool
	shown    string // what the last answer showed, to see a change
}

// kick asks for a fresh answer as soon as the rate allows one.
func (c *listing) kick() { c.kicked = true }

// demand asks for a fresh answer now, since a user waits for it.
func (c *listing) demand() { c.demanded = true }

// invalidate makes the last answer Unknown: a call has just failed.
func (c *listing) invalidate(err error) {
	c.last.Err, c.last.Jobs, c.kicked = err.Error(), nil, true
}

func (c *listing) due(now time.Time, busy bool) bool {
	if !c.asked {
		return true
	}
	wait := c.interval
	if c.kicked || busy || c.last.Err != "" {
		wait = c.every
	}
	if c.demanded {
		wait = min(wait, c.every, demandEvery)
	}
	return now.Sub(c.at) >= wait
}

// answer takes in what the scheduler answered when asked at that time.
func (c *listing) answer(at time.Time, jobs []drivers.Job, err error) {
	since, clock := c.last.Since, c.last.Clock
	if !c.asked {
		clock = at
	}
	if !c.asked || c.last.Err != "" {
		since = at
	}
	c.asked, c.kicked, c.demanded, c.at = true, false, false, at
	if err != nil {
		c.last = plan.Listing{At: at, Since: since, Clock: clock, Err: err.Error()}
		return
	}
	c.last = plan.Listing{At: at, Since: since, Clock: clock, Jobs: jobs}
	shown := fingerprint(jobs)
	if shown == c.shown {
		c.interval = min(max(2*c.interval, c.every), max(c.atMost, c.every))
	} else {
		c.interval = c.every
	}
	c.shown = shown
}

// list returns the scheduler's last answer, asking it when that is due.
func (l *Loop) list(ctx context.Context, open []plan.Attempt) plan.Listing {
	c := &l.listing
	now, steady := l.Clock(), l.steady()
	if l.clock.stepped(now, steady) {
		l.Log.Warn("the clock of this host was set", "now", now)
		c.asked = false // as after a break: what was written down before does not compare with now
	}
	if !c.due(steady, inFlight(open, c.last.Jobs)) {
		return c.seen(steady)
	}
	ctx, cancel := context.WithTimeout(ctx, listingTime(ctx))
	defer cancel()
	var jobs []drivers.Job
	err := l.confirmPlace(ctx)
	if err == nil {
		jobs, err = l.Scheduler.Jobs(ctx, l.Store.ID())
	}
	if err == nil {
		jobs = append(jobs, l.accounted(ctx, now, open, jobs)...)
	}
	c.answer(now, jobs, err)
	c.at = steady
	return c.seen(steady)
}

// seen is the last answer, with how long jobs in it have been ending. While the scheduler does not answer, that is kept.
func (c *listing) seen(now time.Time) plan.Listing {
	out := c.last
	if out.Err != "" {
		return out
	}
	since := map[drivers.JobID]time.Time{}
	out.Ending = map[drivers.JobID]time.Duration{}
	for _, j := range out.Jobs {
		if j.State != drivers.JobCompleting {
			continue
		}
		since[j.ID] = now
		if at, before := c.ending[j.ID]; before {
			since[j.ID] = at
		}
		out.Ending[j.ID] = now.Sub(since[j.ID])
	}
	c.ending = since
	return out
}

// listingTime is how long a listing can take: of a reader's short time some is left for asking the servers.
func listingTime(ctx context.Context) time.Duration {
	end, bounded := ctx.Deadline()
	if !bounded {
		return callTimeout
	}
	return min(callTimeout, max(0, time.Until(end)-witnessLeast))
}

// inFlight reports whether some job is starting or ending, according to the last answer.
func inFlight(open []plan.Attempt, jobs []drivers.Job) bool {
	state := make(map[string]drivers.JobState, len(jobs))
	for _, j := range jobs {
		state[j.Tag.Nonce] = j.State
	}
	return slices.ContainsFunc(open, func(a plan.Attempt) bool {
		return a.Cancelled != "" || state[a.Nonce] != drivers.JobRunning
	})
}

// accounted asks how jobs ended that should be listed and are not. Without an answer plan closes them as vanished after the
// settle time. The accounting can take a job for a running one that the scheduler has forgotten: that is no answer.
func (l *Loop) accounted(ctx context.Context, now time.Time, open []plan.Attempt, jobs []drivers.Job) []drivers.Job {
	books, ok := l.Scheduler.(drivers.Accountant)
	if !ok {
		return nil
	}
	listed := make(map[string]bool, len(jobs))
	for _, j := range jobs {
		listed[j.Tag.Nonce] = true
	}
	missing := slices.DeleteFunc(slices.Clone(open), func(a plan.Attempt) bool {
		return a.JobID == "" || listed[a.Nonce] || now.Before(a.Submitted.Add(l.Policy.Settle))
	})
	found := make([]*drivers.Job, len(missing))
	each.Do(l.workers, len(missing), func(i int) {
		a := missing[i]
		j, err := books.Ended(ctx, a.JobID, a.Nonce)
		switch {
		case err == nil && !j.State.Terminal():
		case err == nil:
			j.Tag = drivers.Tag{Store: l.Store.ID(), Seat: a.Seat, Revision: a.Revision, Nonce: a.Nonce}
			found[i] = &j
		case !errors.Is(err, drivers.ErrNotFound):
			l.Log.Warn("asking how a job ended", "job", a.JobID, "seat", a.Seat.String(), "error", err)
		}
	})
	var out []drivers.Job
	for _, j := range found {
		if j != nil {
			out = append(out, *j)
		}
	}
	return out
}
