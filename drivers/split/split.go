// Package split combines two schedulers: the cluster's, and this machine's for what runs on the controller's host
// (run: {on: controller}).
//
// A submission says where it belongs (JobSpec.Here). Afterwards its id does, by a prefix that the cluster's ids never
// have. A listing is both lists, or an error: a listing of one of them would be a part of the world.
//
// Jobs on the controller's host are supervised on that host. When another host takes the controller's place, it still lists
// them, as Unknown and Away: their agents' files are on the shared file system, so what they measure is not lost, and the
// plan submits nothing in their place before their agents have ended or are silent for long.
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

// Scheduler forwards every call to the scheduler that the job belongs to. The ids of Here and Away have to begin with
// Prefix; hosts give the same ids to different jobs, which their nonces tell apart.
type Scheduler struct {
	Cluster, Here drivers.Scheduler
	Away          []drivers.Scheduler // of hosts on which the controller ran before: nothing is submitted to them
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

// away are the schedulers of other hosts, for an id that one of them can have given.
func (s Scheduler) away(id drivers.JobID) []drivers.Scheduler {
	if strings.HasPrefix(string(id), Prefix) {
		return s.Away
	}
	return nil
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
	err := s.of(id).Cancel(ctx, id, nonce) // a job of that id with another nonce is left alone
	for _, away := range s.away(id) {
		err = errors.Join(err, away.Cancel(ctx, id, nonce))
	}
	return err
}

// Jobs lists the jobs of all.
func (s Scheduler) Jobs(ctx context.Context, owner string) ([]drivers.Job, error) {
	out, err := s.Cluster.Jobs(ctx, owner)
	if err != nil {
		return nil, err
	}
	for _, host := range append([]drivers.Scheduler{s.Here}, s.Away...) {
		jobs, err := host.Jobs(ctx, owner)
		if err != nil {
			return nil, err
		}
		out = append(out, jobs...)
	}
	return out, nil
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
	for _, host := range append([]drivers.Scheduler{s.of(id)}, s.away(id)...) {
		a, ok := host.(drivers.Accountant)
		if !ok {
			continue
		}
		if j, err := a.Ended(ctx, id, nonce); !errors.Is(err, drivers.ErrNotFound) {
			return j, err
		}
	}
	return drivers.Job{}, fmt.Errorf("asking how job %s ended: no account of it is kept: %w", id, drivers.ErrNotFound)
}

// Fence ends what a job left behind where its scheduler can.
func (s Scheduler) Fence(ctx context.Context, id drivers.JobID, nonce string) error {
	if f, ok := s.of(id).(drivers.Fencer); ok {
		return f.Fence(ctx, id, nonce)
	}
	return fmt.Errorf("ending what job %s left behind: its scheduler cannot: %w", id, errors.ErrUnsupported)
}
