package reconciler

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

// stillness remembers when each agent's heartbeat last changed, by our own clock: other machines' clocks are not trusted.
type stillness map[string]pulse

type pulse struct {
	count uint64
	since time.Time
	read  time.Time // the last reading
	lived time.Time // the last reading before the heartbeat changed: then the agent certainly lived; zero before any change
}

// track notes a heartbeat. It returns how long it has stood still, and whether the agent certainly lived a moment ago: a
// change that is seen after a long pause of ours says only that the agent lived when that pause began.
func (s stillness) track(nonce string, count uint64, now time.Time) (still time.Duration, lives bool) {
	p, seen := s[nonce]
	switch {
	case !seen:
		p = pulse{count: count, since: now}
	case p.count != count:
		p = pulse{count: count, since: now, lived: p.read}
	}
	p.read = now
	s[nonce] = p
	return now.Sub(p.since), !p.lived.IsZero() && now.Sub(p.lived) <= silence
}

// agents reads the desired state and the state of every open attempt's agent. The heartbeat of a running job that has not
// reported yet counts from when the job was first seen running; a job that does not run yet cannot be late.
func (l *Loop) agents(ctx context.Context, open []plan.Attempt, list plan.Listing) map[string]plan.Agent {
	running := make(map[string]bool, len(list.Jobs))
	for _, j := range list.Jobs {
		if j.State == drivers.JobRunning || j.Away != "" {
			running[j.Tag.Nonce] = true
		}
	}
	read := make([]plan.Agent, len(open))
	each(l.workers, len(open), func(i int) { read[i] = l.agent(open[i]) })
	now := l.Clock()
	out := make(map[string]plan.Agent, len(open))
	still := make(stillness, len(open))
	var silent []int
	for i, a := range open {
		v := &read[i]
		if v.State != nil || running[a.Nonce] {
			count := uint64(0)
			if v.State != nil {
				count = v.State.Heartbeat
			}
			var lives bool
			if v.StillFor, lives = l.still.track(a.Nonce, count, now); !lives {
				silent = append(silent, i)
			}
			still[a.Nonce] = l.still[a.Nonce]
		}
		if v.State != nil && v.State.End != nil && running[a.Nonce] {
			l.listing.kick() // the agent is gone, so the job is ending: its seat should not wait for the next listing
		}
	}
	l.still = still
	l.witness(ctx, open, read, silent)
	for i, a := range open {
		out[a.Nonce] = read[i]
	}
	return out
}

// agent reads one job directory. A file that does not exist yet means that nothing was reported; one that cannot be read is an error.
func (l *Loop) agent(a plan.Attempt) plan.Agent {
	desired, err := l.Store.ReadDesired(a.Seat, a.Nonce)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return plan.Agent{Err: err.Error()}
	}
	state, err := l.Store.State(a.Seat, a.Nonce)
	if err != nil {
		return plan.Agent{Desired: desired, Err: err.Error()}
	}
	return plan.Agent{Desired: desired, State: state}
}
