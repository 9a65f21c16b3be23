// Package split combines two schedulers: the cluster's, and this machine's for what runs on the controller's host
// (run: {on: controller}).
//
// A submission says where it belongs (JobSpec.Here). Afterwards its id does, by a prefix that the cluster's ids never
// have. A listing is both lists, or an error: a listing of one of them would be a part of the world.
//
// Jobs on the controller's host are known on that host only. When another host takes the controller's place they vanish
// from its listings, and their runs are lost and tried again there.
package split

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"assay/drivers"
)

// Prefix begins the ids of jobs on the controller's host.
const Prefix = "here-"

// Scheduler forwards every call to the scheduler that the job belongs to. The ids of Here have to begin with Prefix.
type Scheduler struct {
	Cluster, Here drivers.Scheduler
}

var _ interface {
	drivers.Scheduler
	drivers.Reconfigurer
	drivers.Accountant
	drivers.Fencer
} = Scheduler{}

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
	return fmt.Errorf("changing job %s: its scheduler changes no job in place: %w", id, drivers.ErrRejected)
}

// Ended returns how a job ended where its scheduler knows.
func (s Scheduler) Ended(ctx context.Context, id drivers.JobID, nonce string) (drivers.Job, error) {
	if a, ok := s.of(id).(drivers.Accountant); ok {
		return a.Ended(ctx, id, nonce)
	}
	return drivers.Job{}, fmt.Errorf("asking how job %s ended: its scheduler keeps no accounts: %w", id, drivers.ErrNotFound)
}

// Fence ends what a job left behind where its scheduler can.
func (s Scheduler) Fence(ctx context.Context, id drivers.JobID, nonce string) error {
	if f, ok := s.of(id).(drivers.Fencer); ok {
		return f.Fence(ctx, id, nonce)
	}
	return fmt.Errorf("ending what job %s left behind: its scheduler cannot: %w", id, errors.ErrUnsupported)
}
