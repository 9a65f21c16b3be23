// Package split is two schedulers as one: the cluster's, and this machine's for what is to run beside the controller
// (run: {on: controller}).
//
// A submission says where it belongs (JobSpec.Here); afterwards its id does, by a prefix that the cluster's ids never
// have. A listing is both lists, or an error: half of the world is not the world.
//
// Jobs beside the controller are known on its host only. When another host takes the controller's place they vanish
// from its listings, and their runs are lost and tried again there.
package split

import (
	"context"
	"fmt"
	"strings"

	"assay/drivers"
)

// Prefix begins the ids of jobs beside the controller.
const Prefix = "here-"

// Scheduler implements drivers.Scheduler, Reconfigurer and Accountant. The ids of Here have to begin with Prefix.
type Scheduler struct {
	Cluster, Here drivers.Scheduler
}

func (s Scheduler) of(id drivers.JobID) drivers.Scheduler {
	if strings.HasPrefix(string(id), Prefix) {
		return s.Here
	}
	return s.Cluster
}

// Submit starts a job where its specification says.
func (s Scheduler) Submit(ctx context.Context, spec drivers.JobSpec) (drivers.JobID, error) {
	if spec.Here {
		return s.Here.Submit(ctx, spec)
	}
	return s.Cluster.Submit(ctx, spec)
}

// Cancel ends a job.
func (s Scheduler) Cancel(ctx context.Context, id drivers.JobID, nonce string) error {
	return s.of(id).Cancel(ctx, id, nonce)
}

// Jobs lists the jobs of both.
func (s Scheduler) Jobs(ctx context.Context, owner string) ([]drivers.Job, error) {
	out, err := s.Cluster.Jobs(ctx, owner)
	if err != nil {
		return nil, err
	}
	here, err := s.Here.Jobs(ctx, owner)
	if err != nil {
		return nil, err
	}
	return append(out, here...), nil
}

// Reconfigure changes a job where its scheduler can.
func (s Scheduler) Reconfigure(ctx context.Context, id drivers.JobID, nonce string, change drivers.Change) error {
	if r, ok := s.of(id).(drivers.Reconfigurer); ok {
		return r.Reconfigure(ctx, id, nonce, change)
	}
	return fmt.Errorf("job %s cannot be changed in place: %w", id, drivers.ErrRejected)
}

// Ended tells how a job ended where its scheduler knows.
func (s Scheduler) Ended(ctx context.Context, id drivers.JobID, nonce string) (drivers.Job, error) {
	if a, ok := s.of(id).(drivers.Accountant); ok {
		return a.Ended(ctx, id, nonce)
	}
	return drivers.Job{}, fmt.Errorf("job %s: %w", id, drivers.ErrNotFound)
}
