package fake

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"assay/drivers"
)

// ledger counts what really happened.
type ledger struct {
	maxLive     map[drivers.Seat]int
	submissions map[drivers.Seat]int
	results     map[string]int // by run id
	disturbed   []drivers.JobID
	died        map[string]time.Time // by nonce: when the servers of a job ended
	shortened   []drivers.JobID
	endedAlive  []Ended
	answered    map[string]bool // by nonce: a server of it was ready once
	refused     map[string]int  // by nonce: how often a longer limit of a running job was asked for and refused
	astray      []string        // runs that began at an address at which another service answered, or beside an earlier attempt
}

func newLedger() ledger {
	return ledger{maxLive: map[drivers.Seat]int{}, submissions: map[drivers.Seat]int{}, results: map[string]int{}, died: map[string]time.Time{}, answered: map[string]bool{}, refused: map[string]int{}}
}

func (l *ledger) submitted(s drivers.Seat, live int) {
	l.submissions[s]++
	l.maxLive[s] = max(l.maxLive[s], live)
}

// disturb notes that a job was cancelled or changed through the driver.
func (l *ledger) disturb(j *job) {
	if j.foreign {
		l.disturbed = append(l.disturbed, j.ID)
	}
}

// liveOf counts the servers of a seat: those of its jobs, and those that were left behind. A job that stays or stayed
// Completing after its agent ended in order has none.
func (c *Cluster) liveOf(t drivers.Tag) int {
	n := 0
	for _, j := range slices.Concat(c.past, c.jobs) {
		if !j.foreign && j.Tag.Store == t.Store && j.Tag.Seat == t.Seat && (c.counts(j) || !j.State.Terminal() && !(j.lingered && j.agent.over && j.State == drivers.JobCompleting)) {
			n++
		}
	}
	return n
}

// died notes that the servers of a job have ended, for whatever reason.
func (c *Cluster) died(j *job) {
	if _, known := c.ledger.died[j.Tag.Nonce]; !known {
		c.ledger.died[j.Tag.Nonce] = c.now
	}
}

// DeadFor is how long the servers of a job have been dead; 0 while they live.
func (c *Cluster) DeadFor(nonce string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, dead := c.ledger.died[nonce]; dead {
		return c.now.Sub(at)
	}
	return 0
}

// HungFor is the longest time for which a server of a job has answered nothing although it runs; 0 when all answer.
func (c *Cluster) HungFor(nonce string) (longest time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range c.jobs {
		for _, p := range j.agent.procs {
			if j.Tag.Nonce == nonce && !p.hung.IsZero() {
				longest = max(longest, c.now.Sub(p.hung))
			}
		}
	}
	return longest
}

// Happened lists what the agent of each job has reported as happened inside it, by nonce: how often.
func (c *Cluster) Happened() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]int{}
	for _, j := range slices.Concat(c.past, c.jobs) {
		if j.agent.last != nil && len(j.agent.last.Happened) > 0 {
			out[j.Tag.Nonce] = len(j.agent.last.Happened)
		}
	}
	return out
}

// Answers reports whether a server that passes its probes is at that URL.
func (c *Cluster) Answers(url string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.serverAt(url) != nil
}

// serverAt is the job whose server passes its probes at that URL; nil when there is none.
func (c *Cluster) serverAt(url string) *job {
	for _, j := range c.jobs {
		if j.answers(url) {
			return j
		}
	}
	return nil
}

// measure notes a run that begins where it must not.
func (l *ledger) measure(c *Cluster, j *job, id string, req drivers.SuiteRequest) {
	for _, url := range req.Endpoints {
		if at := c.serverAt(url); at != nil && (at.Tag.Seat.Experiment != req.Experiment || at.Tag.Seat.Group != req.Target) {
			l.astray = append(l.astray, fmt.Sprintf("run %s measures %s at %s, where %s answers", id, req.Target, url, at.Tag.Seat))
		}
	}
	for _, other := range c.jobs {
		if other.State != drivers.JobRunning || other.agent.dead || other.Tag.Store != j.Tag.Store {
			continue
		}
		for earlier, r := range other.agent.runs {
			if earlier != id && r.state.Phase == "Running" && sameKey(earlier, id) {
				l.astray = append(l.astray, fmt.Sprintf("run %s begins while %s goes on in job %s", id, earlier, other.ID))
			}
		}
	}
}

// sameKey reports whether two runs are attempts at the same: <benchmark>-<repeat>-<key>[-<attempt>].
func sameKey(a, b string) bool {
	key := func(id string) string { return strings.Join(append(strings.Split(id, "-"), "", "", "")[:3], "-") }
	return key(a) == key(b)
}

// Astray tells of runs that began at an address at which another service answered, or while an earlier attempt at the same
// run went on: there must be none.
func (c *Cluster) Astray() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.ledger.astray)
}

// Disturbed lists the foreign jobs that were cancelled or changed through the driver: there must be none.
func (c *Cluster) Disturbed() []drivers.JobID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.ledger.disturbed)
}

// shorten notes a limit that the driver set below what the job needs to go on, or below what an administrator gave it.
func (c *Cluster) shorten(j *job, limit time.Duration) {
	ended := limit > 0 && j.State == drivers.JobRunning && !j.Started.Add(limit-c.o.Warn).After(c.now)
	if ended || j.granted > 0 && limit > 0 && limit < j.granted {
		c.ledger.shortened = append(c.ledger.shortened, j.ID)
	}
}

// Refused is how often a longer limit was asked for while a job ran, and refused.
func (c *Cluster) Refused(nonce string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ledger.refused[nonce]
}

// Shortened lists the jobs whose limit the driver set so low that they ended at once, or below what an administrator had
// given them: there must be none.
func (c *Cluster) Shortened() []drivers.JobID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.ledger.shortened)
}

// Live lists every job that has not ended, of every owner, as it really is.
func (c *Cluster) Live() []drivers.Job {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []drivers.Job
	for _, j := range c.jobs {
		if !j.State.Terminal() {
			out = append(out, j.public())
		}
	}
	return out
}

// MaxLive is the largest number of jobs that one seat ever had at once, and that seat.
func (c *Cluster) MaxLive() (drivers.Seat, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var worst drivers.Seat
	most := 0
	for s, n := range c.ledger.maxLive {
		if n > most {
			worst, most = s, n
		}
	}
	return worst, most
}

// Submissions counts the jobs that a seat ever had.
func (c *Cluster) Submissions(s drivers.Seat) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ledger.submissions[s]
}

// Results counts, by run id, how often a run was executed to its end.
func (c *Cluster) Results() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.ledger.results)
}
