package fake

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"assay/drivers"
)

var _ interface {
	drivers.Scheduler
	drivers.Reconfigurer
	drivers.Accountant
	drivers.Fencer
} = (*Cluster)(nil)

// call runs f as one driver call: hooks around it, the lock inside it.
func (c *Cluster) call(ctx context.Context, name string, f func() error) error {
	c.o.Hook("before " + name)
	err := func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w: %w", name, drivers.ErrUnavailable, err)
		}
		return f()
	}()
	c.o.Hook("after " + name)
	return err
}

// Submit makes a job, unless a fault prevents it.
func (c *Cluster) Submit(ctx context.Context, spec drivers.JobSpec) (drivers.JobID, error) {
	var id drivers.JobID
	err := c.call(ctx, "Submit", func() error {
		if spec.Nodes < 1 || spec.Nodes > c.o.Nodes {
			return fmt.Errorf("%d nodes: the cluster has %d: %w", spec.Nodes, c.o.Nodes, drivers.ErrRejected)
		}
		if spec.Partition == "nowhere" {
			return fmt.Errorf("invalid partition name specified: %w", drivers.ErrRejected)
		}
		j := c.newJob(spec)
		if c.frozen {
			if c.rng.IntN(2) == 0 {
				c.late = append(c.late, j)
			}
			return fmt.Errorf("submitting: the scheduler did not answer: %w", drivers.ErrUncertain)
		}
		made, err := c.drawFault()
		if !made {
			return err
		}
		c.admit(j)
		if err == nil {
			id = j.ID
		}
		return err
	})
	return id, err
}

func (c *Cluster) newJob(spec drivers.JobSpec) *job {
	return &job{spec: spec, Job: drivers.Job{Name: spec.Name, Tag: spec.Tag, State: drivers.JobPending, Reason: "Priority", Limit: spec.Time}}
}

// admit makes a job true; others see it after the lag.
func (c *Cluster) admit(j *job) {
	j.ID = drivers.JobID(strconv.Itoa(c.nextID))
	c.nextID++
	j.Submitted = c.now
	j.listed = c.now.Add(c.upTo(c.o.Lag))
	j.earliest = c.now.Add(c.upTo(c.o.Queue))
	c.jobs = append(c.jobs, j)
	if !j.foreign {
		c.ledger.submitted(j.Tag.Seat, c.liveOf(j.Tag))
	}
}

// Cancel ends the job if it still carries nonce.
func (c *Cluster) Cancel(ctx context.Context, id drivers.JobID, nonce string) error {
	return c.call(ctx, "Cancel", func() error {
		if j := c.find(id); j != nil && j.Tag.Nonce == nonce {
			c.endedAlive(j)
		}
		if c.frozen {
			return fmt.Errorf("cancelling job %s: the scheduler did not answer: %w", id, drivers.ErrUncertain)
		}
		if j := c.find(id); j != nil && j.Tag.Nonce == nonce {
			c.ledger.disturb(j)
			c.end(j, drivers.JobCancelled, "Cancelled")
		}
		return nil
	})
}

// Jobs lists the jobs of an owner as far as listings show them.
func (c *Cluster) Jobs(ctx context.Context, owner string) ([]drivers.Job, error) {
	var out []drivers.Job
	err := c.call(ctx, "Jobs", func() error {
		if c.frozen {
			return fmt.Errorf("listing jobs: the scheduler did not answer: %w", drivers.ErrUnavailable)
		}
		broken := c.rng.Float64() < c.faults.List
		for _, j := range c.jobs {
			if j.Tag.Store == owner && !c.now.Before(j.listed) {
				out = append(out, j.public())
			}
		}
		if broken { // what came before that is a part, which nobody may use
			out = out[:len(out)/2]
			return fmt.Errorf("listing jobs: the answer broke off: %w", drivers.ErrUnavailable)
		}
		return nil
	})
	return out, err
}

func (j *job) public() drivers.Job {
	out := j.Job
	out.Nodes = slices.Clone(j.Nodes)
	if j.held && j.State == drivers.JobPending {
		out.Reason, out.Block = "JobHeldAdmin", drivers.BlockHeldByAdmin
	}
	if j.obscure && !j.State.Terminal() {
		out.State, out.Reason = drivers.JobUnknown, "REBOOTING_MOON"
	}
	return out
}

// Reconfigure changes a job in place. A running job's time limit can only be lowered, as on most clusters.
func (c *Cluster) Reconfigure(ctx context.Context, id drivers.JobID, nonce string, change drivers.Change) error {
	return c.call(ctx, "Reconfigure", func() error {
		if c.frozen {
			return fmt.Errorf("changing job %s: the scheduler did not answer: %w", id, drivers.ErrUncertain)
		}
		j := c.find(id)
		if j == nil || j.Tag.Nonce != nonce || j.State.Terminal() || j.State == drivers.JobCompleting {
			return fmt.Errorf("job %s of nonce %s is not there: %w", id, nonce, drivers.ErrRejected)
		}
		c.ledger.disturb(j)
		if change.Time != nil {
			if j.State == drivers.JobRunning && *change.Time > j.Limit && !c.o.Extends {
				c.ledger.refused[nonce]++
				return fmt.Errorf("access/permission denied for job %s: %w", id, drivers.ErrRejected)
			}
			if change.Was != 0 && change.Was != j.Limit {
				return fmt.Errorf("job %s has a limit of %s by now, not %s: %w", id, j.Limit, change.Was, drivers.ErrUnavailable)
			}
			c.shorten(j, *change.Time)
			j.Limit = *change.Time
			if j.State == drivers.JobRunning {
				c.bound(j)
			}
		}
		return nil
	})
}

// Ended says how a job ended that is no longer listed.
func (c *Cluster) Ended(ctx context.Context, id drivers.JobID, nonce string) (drivers.Job, error) {
	var out drivers.Job
	err := c.call(ctx, "Ended", func() error {
		if c.frozen {
			return fmt.Errorf("asking for job %s: the scheduler did not answer: %w", id, drivers.ErrUnavailable)
		}
		for _, j := range slices.Concat(c.past, c.jobs) {
			if j.ID == id && j.Tag.Nonce == nonce && j.State.Terminal() {
				out = j.public()
				return nil
			}
		}
		for _, j := range c.runaways {
			if j.ID == id && j.Tag.Nonce == nonce {
				out = j.public()
				return nil
			}
		}
		return fmt.Errorf("job %s of nonce %s: %w", id, nonce, drivers.ErrNotFound)
	})
	return out, err
}

// Fence ends the server that a lost node left behind.
func (c *Cluster) Fence(ctx context.Context, id drivers.JobID, nonce string) error {
	return c.call(ctx, "Fence", func() error {
		if c.frozen {
			return fmt.Errorf("fencing job %s: the scheduler did not answer: %w", id, drivers.ErrUnavailable)
		}
		for _, j := range slices.Concat(c.past, c.jobs) {
			if id != "" && j.ID != id || j.Tag.Nonce != nonce || c.now.Before(j.listed) { // what is not listed yet is not known here either
				continue
			}
			if !j.State.Terminal() {
				return fmt.Errorf("fencing job %s: it is %s: %w", id, j.State, drivers.ErrRejected)
			}
			j.left = false
		}
		return nil
	})
}
