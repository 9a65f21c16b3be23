package native

import (
	"cmp"
	"context"
	"fmt"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite/coordinator"
	"assay/drivers/suite/storage"
)

// briefing is what the workers of the other nodes need to know.
type briefing struct {
	Root   string           `json:"root"`
	Spec   v1alpha1.Storage `json:"spec"`
	Limits storage.Limits   `json:"limits"`
	Seed   int64            `json:"seed"`
}

// comm starts the workers of the other nodes, waits for them and connects them. Stop ends them.
func (e Engine) comm(ctx context.Context, cancel context.CancelCauseFunc, dir string, b briefing) (c comm, stop func() error, err error) {
	if b.Spec.Nodes == 1 {
		return single{}, func() error { return nil }, nil
	}
	l, err := coordinator.Start(ctx, cancel, coordinator.Options{Dir: dir, Others: b.Spec.Nodes - 1, Srun: e.Srun}, b)
	if err != nil {
		return nil, nil, err
	}
	return newLeader(ctx, cancel, l), l.Close, nil
}

// leader is the communicator on the first node.
type leader struct {
	*coordinator.Leader
	reports []chan report // of each worker; closed when its connection is
	cancel  context.CancelCauseFunc
}

func newLeader(ctx context.Context, cancel context.CancelCauseFunc, c *coordinator.Leader) *leader {
	l := &leader{Leader: c, cancel: cancel}
	for i, p := range c.Others {
		l.reports = append(l.reports, make(chan report, 1)) // a worker waits for the answer before it sends another
		go l.listen(ctx, i+1, p, l.reports[i])
	}
	return l
}

// listen passes on a worker's reports. One that failed cancels this node at once, in the middle of a phase too.
func (l *leader) listen(ctx context.Context, node int, p *coordinator.Peer, reports chan<- report) {
	defer close(reports)
	for {
		var r report
		if p.Receive(ctx, &r) != nil {
			return // it has ended, or is lost
		}
		if r.Err != "" {
			err := fmt.Errorf("node %d: %s", node, r.Err)
			if r.Lost != "" {
				err = &drivers.Lost{Word: r.Lost, Err: err}
			}
			l.cancel(err)
			return
		}
		reports <- r
	}
}

func (l *leader) allgather(ctx context.Context, own report) ([]report, error) {
	all := []report{own}
	for i := range l.Others {
		r, err := l.next(ctx, i)
		if err != nil {
			return nil, l.abort(err)
		}
		if r.Phase != own.Phase || r.Step != own.Step {
			return nil, l.abort(fmt.Errorf("node %d is at %s of %s, not %s of %s", i+1, r.Step, r.Phase, own.Step, own.Phase))
		}
		all = append(all, r)
	}
	for i, p := range l.Others {
		if err := p.Send(all); err != nil {
			err = fmt.Errorf("node %d is lost: %w", i+1, err)
			return nil, l.abort(cmp.Or(context.Cause(ctx), err)) // the cause closes the connections
		}
	}
	return all, nil
}

// next waits for a worker's next report. When its connection ended, the reason for that is the better error.
func (l *leader) next(ctx context.Context, i int) (report, error) {
	select {
	case r, ok := <-l.reports[i]:
		if ok {
			return r, nil
		}
		if err := context.Cause(ctx); err != nil {
			return r, err
		}
		return r, fmt.Errorf("node %d is lost", i+1)
	case <-ctx.Done():
		return report{}, context.Cause(ctx)
	}
}

func (l *leader) abort(err error) error {
	for _, p := range l.Others {
		_ = p.Send([]report{{Err: err.Error()}}) // a worker that has ended needs no reason
	}
	return err
}
