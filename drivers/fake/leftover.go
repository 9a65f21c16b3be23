package fake

import (
	"path/filepath"
	"slices"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
)

// outlastsFor is the longest time that a server lives on which no agent ends: until somebody restarts its node.
const outlastsFor = 4 * time.Minute

// leave lets the server of a job live on that ends without its agent's word. Where nothing fences, half of the agents live
// on, too: some see their folder after a while, and then their stop.
func (c *Cluster) leave(j *job) {
	j.left = j.agent.procs != nil // before its first report an agent starts nothing
	switch {
	case !c.o.Unfenced:
	case !j.agent.dead && c.rng.IntN(2) == 0:
		j.obeys = c.now.Add(c.upTo(time.Minute))
	default:
		j.outlasts = c.now.Add(c.upTo(outlastsFor))
	}
	j.agent.dead = true // for the job, which does not run any more
}

// outlive lets time act on a server that was left behind.
func (c *Cluster) outlive(j *job) {
	switch {
	case !j.obeys.IsZero() && !c.now.Before(j.obeys):
		var want drivers.AgentDesired
		if err := durable.ReadRecord(filepath.Join(j.spec.Dir, drivers.DesiredFile), &want); err == nil && want.Stop != "" {
			j.left = false
			c.endAgent(j, drivers.EndStopped)
		}
	case !j.outlasts.IsZero() && !c.now.Before(j.outlasts):
		j.left = false
	}
}

// counts reports whether what a job left behind is a server too many beside its replacement. Where nothing can fence, that
// is so only for one that owns data: others are replaced at once.
func (c *Cluster) counts(j *job) bool {
	if !j.left || !c.o.Unfenced {
		return j.left
	}
	return slices.ContainsFunc(j.agent.wants, func(p drivers.Process) bool { return p.Data != "" })
}

// KillSupervisor kills what runs a job's agent, as SIGKILL of slurmstepd does: the job ends as NodeFail. The agent notices
// soon and ends everything by its own word, or it was killed, too, and its server lives on.
func (c *Cluster) KillSupervisor(id drivers.JobID) {
	c.with(id, func(j *job) {
		if j.State != drivers.JobRunning {
			return
		}
		if c.rng.IntN(2) == 0 {
			c.endAgent(j, drivers.EndOrphaned)
		}
		said := j.agent.last.Said()
		c.end(j, drivers.JobNodeFail, "NodeFail")
		if said {
			j.left = false
		}
	})
}

// OrphanServers kills the agent of a job, which fails, and its guard: its server lives on.
func (c *Cluster) OrphanServers(id drivers.JobID) {
	c.with(id, func(j *job) {
		if j.State != drivers.JobRunning || j.agent.dead {
			return
		}
		j.agent.dead = true
		j.Signal = 9
		c.end(j, drivers.JobFailed, "Signalled")
		c.leave(j)
	})
}
