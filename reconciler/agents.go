package reconciler

import (
	"context"
	"errors"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/each"
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// stillness remembers when each agent's heartbeat last changed, by our own clock: other machines' clocks are not trusted.
type stillness map[string]pulse

type pulse struct {
	count  uint64
	still  time.Duration // how long it has not changed, while we looked
	looked time.Time     // the last look
	read   time.Time     // the last look that could read it
	lived  time.Time     // the last reading before the heartbeat changed: then the agent certainly lived; zero before any change
	last   plan.Agent    // as last read without an error
}

// track notes a heartbeat. It returns how long it has stood still, and whether the agent certainly lived a moment ago: a
// change that is seen after a long pause of ours says only that the agent lived when that pause began. A pause of ours
// counts for little: we can have slept, and everything else with us. Without a reading the heartbeat can have stopped at any
// time since the last one.
func (s stillness) track(nonce string, count uint64, reading bool, now time.Time) (still time.Duration, lives bool) {
	p, seen := s[nonce]
	switch {
	case !seen:
		p = pulse{count: count}
	case p.count != count:
		p = pulse{count: count, lived: p.read, last: p.last}
	default:
		p.still += passed(p.looked, now)
	}
	if p.looked = now; reading {
		p.read = now
	}
	s[nonce] = p
	return p.still, !p.lived.IsZero() && now.Sub(p.lived) <= silence
}

// passed is the time between two looks, as far as it counts for the silence of others.
func passed(from, to time.Time) time.Duration { return max(0, min(to.Sub(from), silence)) }

// agents reads the desired state and the state of every open attempt's agent; of one whose files cannot be read, they are
// those that were last read, so that its servers can be asked. The heartbeat of a running job that has not
// reported yet counts from when the job was first seen running; a job that does not run yet cannot be late.
func (l *Loop) agents(ctx context.Context, open []plan.Attempt, list plan.Listing) map[string]plan.Agent {
	running := make(map[string]bool, len(list.Jobs))
	for _, j := range list.Jobs {
		if j.State == drivers.JobRunning || j.Away != "" {
			running[j.Tag.Nonce] = true
		}
	}
	read := make([]plan.Agent, len(open))
	files := make(map[string]*store.JobFiles, len(open))
	for _, a := range open {
		if files[a.Nonce] = l.files[a.Nonce]; files[a.Nonce] == nil {
			files[a.Nonce] = l.Store.JobFiles(a.Seat, a.Nonce)
		}
	}
	l.files = files
	each.Do(l.workers, len(open), func(i int) { read[i] = agentOf(files[open[i].Nonce]) })
	now := l.steady()
	out := make(map[string]plan.Agent, len(open))
	still := make(stillness, len(open))
	var silent []int
	for i, a := range open {
		v := &read[i]
		last := l.still[a.Nonce].last
		if v.Err != "" {
			v.Desired = last.Desired
		}
		if v.Err != "" || v.NoNews != "" {
			v.State = last.State
		}
		if v.State != nil || running[a.Nonce] {
			count := uint64(0)
			if v.State != nil {
				count = v.State.Heartbeat
			}
			var lives bool
			if v.StillFor, lives = l.still.track(a.Nonce, count, v.Err == "" && v.NoNews == "", now); !lives {
				silent = append(silent, i)
			}
			p := l.still[a.Nonce]
			if v.Err == "" && v.NoNews == "" {
				p.last = plan.Agent{State: v.State, Desired: v.Desired}
			}
			still[a.Nonce] = p
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

// agentOf reads one job directory. A file that does not exist yet means that nothing was reported; one that cannot be read is
// an error. A report that is torn is no news: a live agent writes another one within a minute.
func agentOf(f *store.JobFiles) plan.Agent {
	desired, err := f.Desired()
	torn := ""
	if errors.Is(err, durable.ErrDamaged) {
		torn, err = err.Error(), nil
	}
	if err != nil {
		return plan.Agent{Err: err.Error()}
	}
	state, err := f.State()
	if errors.Is(err, durable.ErrDamaged) {
		return plan.Agent{Desired: desired, Torn: torn, NoNews: err.Error()}
	}
	if err != nil {
		return plan.Agent{Err: err.Error()}
	}
	if torn != "" {
		desired = told(state)
	}
	return plan.Agent{Desired: desired, State: state, Torn: torn}
}
