package fake

import (
	"slices"
	"time"

	"assay/drivers"
)

// StopAgent stops the agent of a job without ending it (on), as SIGSTOP does, or lets it go on. Its servers answer meanwhile.
func (c *Cluster) StopAgent(id drivers.JobID, on bool) {
	c.with(id, func(j *job) { j.agent.stopped = on; c.hear(j) })
}

// Mute makes the file system silent for a node: agents there neither read nor write, and their servers answer.
func (c *Cluster) Mute(node string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.muted[node] = true
	for _, j := range c.jobs {
		c.hear(j)
	}
}

// Unmute ends Mute on every node.
func (c *Cluster) Unmute() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.muted)
	for _, j := range c.jobs {
		c.hear(j)
	}
}

// silent reports whether an agent writes nothing now.
func (c *Cluster) silent(j *job) bool {
	return j.agent.stopped || len(j.Nodes) > 0 && c.muted[j.Nodes[0]]
}

// hear notes since when the agent of a job is silent.
func (c *Cluster) hear(j *job) {
	switch {
	case !c.silent(j):
		j.agent.since = time.Time{}
	case j.agent.since.IsZero():
		j.agent.since = c.now
	}
}

// answers reports whether a server of a job passes its probes now: the one at url, or any with an empty url.
func (j *job) answers(url string) bool {
	if j.State != drivers.JobRunning || j.agent.dead {
		return false
	}
	for _, p := range j.agent.procs {
		if p.ready && p.hung.IsZero() && (url == "" || p.url == url) {
			return true
		}
	}
	return false
}

// agentPort is where the agent on a node serves its counters.
func agentPort(node string) string { return "http://" + node + ":9100" }

// Listens reports whether an agent listens at that URL: one that is stopped does, one that is dead does not.
func (c *Cluster) Listens(url string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.jobs, func(j *job) bool {
		return j.State == drivers.JobRunning && !j.agent.dead && agentPort(j.Nodes[0]) == url
	})
}

// Ended is a job whose end was asked for through the driver although a server of it answered.
type Ended struct {
	ID     drivers.JobID
	Nonce  string
	Silent bool // its agent was silent
	// Together is how many agents of the same owner, it included, were silent then and had fallen silent within half a minute
	// of this one; Of is how many jobs of the owner ran.
	Together, Of int
}

// endedAlive notes that somebody wants a job to end whose server answers.
func (c *Cluster) endedAlive(j *job) {
	if !j.answers("") {
		return
	}
	e := Ended{ID: j.ID, Nonce: j.Tag.Nonce, Silent: c.silent(j)}
	for _, o := range c.jobs {
		if o.Tag.Store != j.Tag.Store || o.State != drivers.JobRunning || o.agent.last == nil {
			continue
		}
		e.Of++
		if c.silent(o) && c.silent(j) && o.agent.since.Sub(j.agent.since).Abs() <= 30*time.Second {
			e.Together++
		}
	}
	c.ledger.endedAlive = append(c.ledger.endedAlive, e)
}

// TakeEndedAlive returns the jobs whose end was asked for through the driver, although they answered, since the last call.
func (c *Cluster) TakeEndedAlive() []Ended {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.ledger.endedAlive
	c.ledger.endedAlive = nil
	return out
}

// WasReady reports whether the server of an attempt has answered once.
func (c *Cluster) WasReady(nonce string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ledger.answered[nonce]
}
