package native

import (
	"context"
	"errors"
	"fmt"

	"assay/api/v1alpha1"
	"assay/drivers/suite/coordinator"
	"assay/drivers/suite/storage"
)

// briefing is what the workers of the other nodes have to know.
type briefing struct {
	Root   string           `json:"root"`
	Spec   v1alpha1.Storage `json:"spec"`
	Limits storage.Limits   `json:"limits"`
	Seed   int64            `json:"seed"`
}

// team waits for the workers of the other nodes. Stop ends them.
func (e Engine) team(ctx context.Context, cancel context.CancelCauseFunc, dir string, b briefing) (t team, stop func() error, err error) {
	if b.Spec.Nodes == 1 {
		return alone{}, func() error { return nil }, nil
	}
	lead, err := coordinator.Start(ctx, cancel, coordinator.Options{Dir: dir, Others: b.Spec.Nodes - 1, Srun: e.Srun}, b)
	if err != nil {
		return nil, nil, err
	}
	return newFirst(ctx, cancel, lead), lead.Close, nil
}

// other is the team as another node sees it.
type other struct{ *coordinator.Peer }

// Worker runs the tasks of one more node of the run in dir: `assay suite-worker`, under srun.
func Worker(ctx context.Context, dir string) error {
	var b briefing
	leader, node, err := coordinator.Join(ctx, dir, &b)
	if err != nil {
		return err
	}
	defer leader.Close()
	_, err = newWorker(b.Root, b.Spec, b.Limits, b.Seed, node, other{leader}).run(ctx)
	return err
}

func (o other) exchange(ctx context.Context, mine report) ([]report, error) {
	if err := o.Send(mine); err != nil {
		return nil, fmt.Errorf("the first node is lost: %w", err)
	}
	var all []report
	if err := o.Receive(ctx, &all); err != nil {
		return nil, fmt.Errorf("the first node is lost: %w", err)
	}
	if len(all) == 1 && all[0].Err != "" {
		return nil, errors.New(all[0].Err)
	}
	return all, nil
}

func (o other) fail(err error) error {
	_ = o.Send(report{Err: err.Error()}) // if the first node is gone there is nobody to tell
	return err
}
