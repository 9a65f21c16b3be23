package native

import (
	"context"
	"errors"
	"fmt"

	"assay/drivers"
	"assay/drivers/suite/coordinator"
)

// Worker runs the tasks of one more node of the run in dir: `assay suite-worker`, under srun.
func Worker(ctx context.Context, dir string) error {
	var b briefing
	leader, node, err := coordinator.Join(ctx, dir, &b)
	if err != nil {
		return err
	}
	defer leader.Close()
	_, err = newRunner(b.Root, b.Spec, b.Limits, b.Seed, node, worker{leader}).run(ctx)
	return err
}

// worker is the communicator on every node but the first. The embedded peer is the leader.
type worker struct{ *coordinator.Peer }

func (w worker) allgather(ctx context.Context, own report) ([]report, error) {
	if err := w.Send(own); err != nil {
		return nil, fmt.Errorf("the first node is lost: %w", err)
	}
	var all []report
	if err := w.Receive(ctx, &all); err != nil {
		return nil, fmt.Errorf("the first node is lost: %w", err)
	}
	if len(all) == 1 && all[0].Err != "" {
		return nil, errors.New(all[0].Err)
	}
	return all, nil
}

func (w worker) abort(err error) error {
	_ = w.Send(report{Err: err.Error(), Lost: drivers.LostBy(err)}) // a leader that has ended needs no reason
	return err
}
