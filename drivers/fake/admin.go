package fake

import (
	"time"

	"assay/drivers"
)

// Hold keeps a pending job from starting, as an administrator's scontrol hold does, until Release.
func (c *Cluster) Hold(id drivers.JobID) { c.with(id, func(j *job) { j.held = true }) }

// Release ends Hold.
func (c *Cluster) Release(id drivers.JobID) { c.with(id, func(j *job) { j.held = false }) }

// Suspend stops a running job, its agent included, until Resume.
func (c *Cluster) Suspend(id drivers.JobID) {
	c.with(id, func(j *job) {
		if j.State == drivers.JobRunning {
			j.State, j.paused = drivers.JobSuspended, c.now
		}
	})
}

// Resume ends Suspend. The time in between does not count towards the limit.
func (c *Cluster) Resume(id drivers.JobID) {
	c.with(id, func(j *job) {
		if j.State != drivers.JobSuspended {
			return
		}
		j.State = drivers.JobRunning
		j.Started = j.Started.Add(c.now.Sub(j.paused))
		c.bound(j)
	})
}

// SetLimit changes a job's walltime up or down, which only an administrator can do to a running job.
func (c *Cluster) SetLimit(id drivers.JobID, limit time.Duration) {
	c.with(id, func(j *job) {
		if j.granted = 0; limit > j.Limit {
			j.granted = limit
		}
		j.Limit = limit
		if j.State == drivers.JobRunning {
			c.bound(j)
		}
	})
}

// Requeue puts a running job back into the queue under the same id. Its agent is ended, if it lives, and says so; when the job
// starts again, the second agent finds that the first one has used the job directory.
func (c *Cluster) Requeue(id drivers.JobID) {
	c.with(id, func(j *job) {
		if j.State != drivers.JobRunning {
			return
		}
		if j.agent.last != nil {
			if !j.agent.dead {
				c.endAgent(j, drivers.EndSignalled)
			}
			j.agent.restarted, j.agent.stopped = true, false
		}
		j.State, j.Reason, j.Nodes, j.Started = drivers.JobPending, "BeginTime", nil, time.Time{}
		j.Ends, j.Signalled, j.earliest = time.Time{}, time.Time{}, c.now.Add(c.upTo(c.o.Queue))
	})
}

// Preempt ends a running job for one of higher priority.
func (c *Cluster) Preempt(id drivers.JobID) {
	c.with(id, func(j *job) { c.end(j, drivers.JobPreempted, "Preempted") })
}

// FailBoot ends a job because its nodes did not come up.
func (c *Cluster) FailBoot(id drivers.JobID) {
	c.with(id, func(j *job) { c.end(j, drivers.JobBootFail, "BootFail") })
}

// Stick keeps a job Completing for ever once it ends, as a node does that cannot finish its epilog.
func (c *Cluster) Stick(id drivers.JobID, stuck bool) {
	c.with(id, func(j *job) { j.stuck, j.lingered = stuck, j.lingered || stuck })
}

// LoseNode takes the node of a running job away without the scheduler's noticing: nothing on it goes on, and once it is cancelled the job
// stays Completing until Stick ends that.
func (c *Cluster) LoseNode(id drivers.JobID) {
	c.CrashAgent(id, false)
	c.Stick(id, true)
}

// Obscure lists a job in a state that no assay knows, while on. The job itself goes on.
func (c *Cluster) Obscure(id drivers.JobID, on bool) { c.with(id, func(j *job) { j.obscure = on }) }

// with runs f on a job that has not ended.
func (c *Cluster) with(id drivers.JobID, f func(*job)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if j := c.find(id); j != nil && !j.State.Terminal() {
		f(j)
	}
}

// Calm ends what administrators began and did not end: holds, suspensions, odd states, jobs that stay Completing; and every silence.
func (c *Cluster) Calm() {
	for _, j := range c.Live() {
		c.Release(j.ID)
		c.Resume(j.ID)
		c.Stick(j.ID, false)
		c.Obscure(j.ID, false)
		c.StopAgent(j.ID, false)
	}
	c.Unmute()
}
