package fake

import (
	"fmt"
	"slices"
	"strconv"

	"assay/drivers"
)

// Faults are probabilities, from 0 to 1, of what can go wrong with one call. A submission suffers at most one.
type Faults struct {
	Reject  float64 // refused: no job
	Refuse  float64 // not reached: no job
	Swallow float64 // uncertain, and there is no job
	Silent  float64 // uncertain, although the job exists
	List    float64 // a listing fails
}

// SetFaults replaces the probabilities.
func (c *Cluster) SetFaults(f Faults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = f
}

// drawFault draws the outcome of a submission: whether there will be a job, and the error that the caller gets.
func (c *Cluster) drawFault() (made bool, err error) {
	p := c.rng.Float64()
	for _, f := range []struct {
		share float64
		made  bool
		err   error
		text  string
	}{
		{c.faults.Reject, false, drivers.ErrRejected, "the job violates a policy"},
		{c.faults.Refuse, false, drivers.ErrUnavailable, "unable to contact the controller"},
		{c.faults.Swallow, false, drivers.ErrUncertain, "the connection broke"},
		{c.faults.Silent, true, drivers.ErrUncertain, "the connection broke"},
	} {
		if p < f.share {
			return f.made, fmt.Errorf("submitting: %s: %w", f.text, f.err)
		}
		p -= f.share
	}
	return true, nil
}

// Freeze makes every call fail until Thaw; half of the submissions asked for meanwhile come true then.
func (c *Cluster) Freeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = true
}

// Thaw ends Freeze.
func (c *Cluster) Thaw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frozen = false
	for _, j := range c.late {
		c.admit(j)
	}
	c.late = nil
}

// Frozen reports whether calls fail at present.
func (c *Cluster) Frozen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.frozen
}

// Restart forgets the last n submitted jobs, acknowledged ones too, and gives their ids out again: what a kill of
// slurmctld does. The accounting, which nobody tells, goes on calling them what they were. It stops at a foreign job.
func (c *Cluster) Restart(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; n > 0 && len(c.jobs) > 0; n-- {
		last := c.jobs[len(c.jobs)-1]
		if last.ID != drivers.JobID(strconv.Itoa(c.nextID-1)) || last.foreign {
			return
		}
		c.died(last)
		c.runaways = append(c.runaways, last)
		c.jobs = c.jobs[:len(c.jobs)-1]
		c.nextID--
	}
}

// FailNode takes a node away; what runs on it ends as NodeFail.
func (c *Cluster) FailNode(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down[name] = true
	for _, j := range c.jobs {
		if slices.Contains(j.Nodes, name) {
			c.end(j, drivers.JobNodeFail, "NodeFail")
		}
	}
}

// RestoreNodes brings every failed node back.
func (c *Cluster) RestoreNodes() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.down)
}

// Kill ends a job as a user's scancel would, of any owner.
func (c *Cluster) Kill(id drivers.JobID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if j := c.find(id); j != nil {
		c.end(j, drivers.JobCancelled, "Cancelled")
	}
}

// CrashAgent ends the agent of a job, and its servers with it: its beat stands still. With fail the job ends too, as Failed.
func (c *Cluster) CrashAgent(id drivers.JobID, fail bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	j := c.find(id)
	if j == nil || j.State != drivers.JobRunning {
		return
	}
	j.agent.dead = true
	c.died(j)
	if fail {
		j.Exit = 1
		c.end(j, drivers.JobFailed, "NonZeroExitCode")
	}
}

// AddForeign starts a job that is not the reconciler's: tag carries another store's id, or nothing at all.
func (c *Cluster) AddForeign(name string, tag drivers.Tag) drivers.JobID {
	c.mu.Lock()
	defer c.mu.Unlock()
	j := c.newJob(drivers.JobSpec{Name: name, Tag: tag, Nodes: 1, Argv: Sleep()})
	j.foreign = true
	c.admit(j)
	return j.ID
}
